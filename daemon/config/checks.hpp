// Rules between keys, and names that are known to be wrong. Pure.
#pragma once

#include "config/config.hpp"

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::config {

struct Finding {
    enum class Kind { problem, note };
    Kind kind;
    std::string key;
    std::string text;
    std::string expected;  // empty in a note
};

// `bad` are the keys that already have a problem: nothing is said about them again.
std::vector<Finding> check(const Config& config, const std::set<std::string, std::less<>>& bad);

// Whether openai.url leads to this machine (a simulator, which needs no key).
bool is_loopback_url(std::string_view url);

}  // namespace holdfast::config
