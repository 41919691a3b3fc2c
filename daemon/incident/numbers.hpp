// Numbers as they are said and as speech recognition writes them, in English and Spanish, read as house
// numbers are: "twelve thirty-four", "12 34", "12:34" and "fourteen oh two" are 1234 and 1402. Pure.
#pragma once

#include "incident/words.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace holdfast::incident {

struct Number {
    std::string digits;      // "1234", "123-45", "12 1/2", "203.4"; empty: no number here
    std::size_t end = 0;     // first word behind it
    std::size_t groups = 0;  // parts it was said in
    std::size_t last_group = 0;  // the word at which the last part begins
    std::string last_digits;     // that part alone
    std::string but_last;        // the parts before it
    bool doubtful = false;   // the parts fit together in more than one way
};

// The number that begins at `at`: the longest run of numerals.
Number read_number(const Words& words, std::size_t at);

// "5th", "fifth", "twenty fifth", "quinta": its digits, and the first word behind it. Empty: none here.
struct Ordinal {
    std::string digits;
    std::size_t end = 0;
};
Ordinal read_ordinal(const Words& words, std::size_t at);

// "9" -> "9TH", "22" -> "22ND"
std::string ordinal_form(std::string_view digits);

bool is_numeral(std::string_view word);

}  // namespace holdfast::incident
