// Reading the daemon's documents without surprises: a member that is missing, null or of another
// type (an older or newer daemon) reads as the fallback. Pure.
#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::ctl {

using Json = nlohmann::json;

const Json& member(const Json& object, std::string_view key);  // null when there is none
std::string word(const Json& object, std::string_view key);  // printable; empty when there is none
std::optional<std::int64_t> number(const Json& object, std::string_view key);
std::int64_t number_or(const Json& object, std::string_view key, std::int64_t fallback);
bool flag(const Json& object, std::string_view key);

}  // namespace holdfast::ctl
