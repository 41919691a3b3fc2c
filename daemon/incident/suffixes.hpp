// Street suffixes and their standard forms (USPS Publication 28, appendix C1). Pure.
#pragma once

#include <string_view>

namespace holdfast::incident {

// "avenue", "av", "avn" -> "AVE". Empty: not a suffix. `folded` as in Word.
std::string_view suffix_form(std::string_view folded);

}  // namespace holdfast::incident
