// Which recorded prompts there must be, and the hashes of those that the package ships. Pure.
#pragma once

#include <string_view>
#include <vector>

namespace holdfast::voice {

// What a call may say on any rung: a set without one of them is not complete.
std::vector<std::string_view> needed_prompts();

// SHA-256 (lower-case hex) of a shipped file, by its path in the set ("en/greeting.wav"); empty: none is called so.
// Built in from etc/prompts/*/SHA256SUMS, so that a damaged list on the disk does not hide a damaged file (E10).
std::string_view shipped_prompt_hash(std::string_view path);

}  // namespace holdfast::voice
