// The words of the project, for who meets them for the first time.
#pragma once

#include <string>
#include <string_view>

namespace deltalog {

std::string concepts_text();  ///< a short paragraph a word, 80 columns
bool is_concept(std::string_view word);

}  // namespace deltalog
