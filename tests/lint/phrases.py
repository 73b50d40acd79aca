"""Phrases that a reader has to read twice, and what to write instead. lint.py looks for them in comments, strings and pages.

The list is short on purpose: each phrase was found in this project more than once, and each was misread. A new one
needs a plain wording beside it. What a pattern hits rightly, once, is entered in ALLOWED with the reason.
"""
import re

# (pattern, what to write). Lines are joined before they are searched, so a phrase may run over the end of one.
PHRASES = [(re.compile(pattern, re.IGNORECASE), instead) for pattern, instead in (
    (r"\bwhose each\b", "'who last set each'"),
    (r"\blet(?:s|ting)? go\b", "'drop', 'remove'"),
    (r"\b(?:come|comes|came|coming) late\b", "'arrives later'"),
    (r"(?<!there )\bis no (?:dot|time|log|whole|float32|file|commit|delta|vector|number|conflict|expression|namespace)\b",
     "'is not a ...'"),
    (r"\bis none of\b", "'is not one of'"),
    (r"\bunseen\b", "which commits are not here"),
    (r"\b(?:if|of) (?:several|both|two|these|those|them),? the (?:last|first|later|greatest|least)\b", "'if there are several, the last one counts'"),
    (r"\b(?:that|those) of (?:the )?(?:greatest|least|latest)\b", "'the one with the greatest'"),
    (r"\b(?:make|makes|made|become|becomes|is|are|stay|stays)\b[^.;:]{0,40}\bwhat (?:it|they|that|there) (?:is|are|was|were)\b", "'gets its old value back'"),
    (r"\bwhat (?:there|that) (?:is|was)\b", "the thing by its name"),
    (r"\bwhat has no\b", "'one without'"),
    (r"\bis all that is\b|\bis nothing that is\b", "the thing by its name"),
    (r"(?:^|[.:;,] )who (?:reads|prunes|takes|rewrites|asks|appends|replaces)\b", "'a reader that', 'the command that'"),
    (r"\bwait(?:s|ed)? so long\b|\bof so many dimensions\b", "the number by its name: 'wait up to DURATION'"),
    (r"\b(?:one|two) at least\b", "'at least one'"),
    (r"\b(?:was|were) (?:not )?to be\b", "'should be', 'was expected'"),
    (r"\bin place of\b", "'instead of'"),
    (r"\bbut for\b", "'except'"),
    (r"\bpassed over\b", "'skipped'"),
    (r"\bany ?more or yet\b", "two cases: 'was deleted', 'was not created yet'"),
    (r"\b(?:stand|stands|stood) in the way\b", "'prevents'"),
    (r"\bof which (?:one|none|nothing|each|some|the|no)\b", "a new sentence"),
    (r"\bnothing is nothing\b|\blacks? nothing\b|\ba step of nothing\b|\bfiles? of nothing\b", "the thing that is missing by its name"),
    (r"\bmakes? (?:the same )?\w+ of (?:it|them)\b|\bcomes? of (?:an?|two|the)\b|\bmade of them\b", "'from'; 'is caused by'"),
    (r"\bthe wish\b|\bminds\b|\bno clock is asked\b|\bwas to stand\b|\bmicrosecond included\b", "the common word"),
)]

# Hits that are right: (path, words as they stand there).
ALLOWED = set()

CODE = re.compile(r".*\.(?:cpp|hpp|h)$")
PAGE = re.compile(r".*\.(?:md|[1-9])$")
LITERAL = re.compile(r'//+ ?(?P<comment>.*)|"(?P<string>(?:\\.|[^"\\])*)"|\'(?:\\.|[^\'\\])\'')


def prose_of_code(lines):
    """(line, kind, text) of each comment and string. Literals that the compiler joins, one a line, have one kind."""
    literals, open_end = 0, False
    for number, line in enumerate(lines, 1):
        if line.lstrip().startswith("#include"):
            continue
        for match in LITERAL.finditer(line):
            if match["comment"] is not None:
                yield number, "comment", match["comment"]
            elif match["string"] is not None:
                literals += not (open_end and not line[:match.start()].strip())
                yield number, f"string {literals}", match["string"]
        open_end = line.endswith('"')


def prose_of_page(path, lines):
    """(line, kind, text) of each line that is no example. A man page's macros go, and stay as words where they are arguments."""
    example = False
    for number, line in enumerate(lines, 1):
        if line.startswith(("```", ".Bd", ".Ed")):
            example = not example
        elif example:
            continue
        elif path.endswith(".md"):
            kind = "table" if line.startswith("|") else "text"
            yield number, kind if line else "gap", re.sub(r"`[^`]*`", "`", line).strip()
        else:
            kind = "gap" if line.startswith((".Sh", ".Ss", ".It", ".Pp", ".Bl", ".El", ".\\\"")) else "text"
            yield number, kind, re.sub(r"^\.(?:[A-Z][a-z] )+", "", line)


def blocks(pieces):
    """Neighbouring pieces of one kind, as (text, [(offset, line)]). A row of a table is a block of its own."""
    block, where, last = "", [], None
    for number, kind, text in pieces:
        goes_on = last and kind == last[1] and kind not in ("table", "gap") and number - last[0] <= 1
        if not goes_on and block:
            yield block, where
        if not goes_on:
            block, where = "", []
        if goes_on and not kind.startswith("string"):
            block += " "
        where.append((len(block), number))
        block += text
        last = (number, kind)
    if block:
        yield block, where


def phrase_breaches(path, text):
    """(line, why) of each phrase of the list."""
    lines = text.split("\n")
    if CODE.match(path):
        pieces = prose_of_code(lines)
    elif PAGE.match(path):
        pieces = prose_of_page(path, lines)
    else:
        return
    for block, where in blocks(pieces):
        for pattern, instead in PHRASES:
            for match in pattern.finditer(block):
                if (path, match[0]) not in ALLOWED:
                    number = [line for offset, line in where if offset <= match.start()][-1]
                    yield number, f"'{match[0]}' is read twice; write {instead}"
