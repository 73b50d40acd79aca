// In the order in which the words build on each other.
#include "cli/concepts.hpp"

#include <algorithm>
#include <array>

#include "ui/table.hpp"

namespace deltalog {

namespace {

struct Concept {
  std::string_view word, text;
};

constexpr std::array<Concept, 14> kConcepts = {{
    {"log",
     "A log is a file that holds every change to a set of vectors. Nothing in it is edited: whoever changes a vector "
     "adds a delta. Copies of a log can be merged in any order."},
    {"delta",
     "A delta is one change to one vector. It creates or deletes the vector, sets all or some of its values, or "
     "changes them by a rule such as \"multiply by 0.5\"."},
    {"commit",
     "A commit is a group of deltas that one origin writes at once, with one message. The log holds all of a commit "
     "or nothing of it."},
    {"origin",
     "An origin is a named writer. Its name is main unless --origin gives another. Writers that work at the same time "
     "need different names: two different deltas under one name are a fork, and merge refuses them."},
    {"dot",
     "A dot is the name of a delta: its origin and a number, such as main:17. It names the same delta in every copy "
     "of the log."},
    {"context",
     "The context of a commit is the set of all dots that its author had seen. Two commits are concurrent if neither "
     "author had seen the other's commit."},
    {"cut",
     "A cut says which deltas an answer takes in: those up to a time (--at), or those that the author of a delta had "
     "seen (--as-seen-by). The state at a cut is what these deltas make of the vectors."},
    {"branch",
     "No command makes a branch. Writers who have not seen each other's commits have branched, and a merge unites "
     "them. `deltalog log --graph` draws that."},
    {"conflict",
     "A conflict is a dimension of a vector that concurrent deltas set to several values. The log keeps all of them. "
     "When it is read, a rule decides which value counts: the policy. `deltalog log --conflicts` lists them."},
    {"release",
     "A release is a tag that names dots. Its answers never change, whatever is merged later. A tag that names a "
     "time includes older deltas that arrive later."},
    {"kept time",
     "A kept time is a time that pruning keeps (compact --keep). Every moment from the last change before it to the "
     "next change can still be read. A pruned log refuses the other times."},
    {"compact",
     "To compact a log is to write it again vector by vector, which often makes it smaller. With --keep it is also "
     "pruned: "
     "history that neither the present nor a kept time needs is dropped."},
    {"merge",
     "To merge logs is to put their sets of deltas together. No delta is lost, and the order of the logs does not "
     "matter. A merge decides no conflict: that is done when the log is read."},
    {"blame",
     "Blame says for each dimension of a vector which delta last set its value, and which deltas have changed it "
     "since."},
}};

}  // namespace

std::string concepts_text() {
  std::string out = "The words that deltalog uses.\n";
  for (const auto& [word, text] : kConcepts) {
    out += '\n' + std::string(word) + '\n';
    out += wrap(text, 2, 80);
  }
  return out;
}

bool is_concept(std::string_view word) { return std::ranges::find(kConcepts, word, &Concept::word) != kConcepts.end(); }

}  // namespace deltalog
