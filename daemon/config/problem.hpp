// What is wrong with a configuration, where, and what would be right. Problems are printed and
// logged, so they never repeat a value: a key or a phone number may stand in the wrong place.
#pragma once

#include <string>
#include <vector>

namespace holdfast::config {

struct Problem {
    std::string file;
    int line = 0;     // from 1; 0 when the problem is something that is not in the file
    int column = 0;   // from 1
    std::string key;  // dotted path, empty when the file as a whole is meant
    std::string problem;
    std::string expected;  // may be empty
};

// file:line:col: key: problem (expected ...)
std::string to_string(const Problem& problem);

}  // namespace holdfast::config
