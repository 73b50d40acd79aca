"""A second reader of delta log files, made from formats/spec/dlog-1.md and from nothing else.

It shares no code with the library, so where the two agree the page is enough, and where they do not, one of the three is
wrong. Whole files are read into memory and nothing is fast: clearness first. Only the standard library, and `zstd`.
"""
