#include "holdfastctl/json.hpp"

#include "holdfastctl/text.hpp"

namespace holdfast::ctl {

const Json& member(const Json& object, std::string_view key) {
    static const Json k_none;
    if (!object.is_object()) return k_none;
    const auto found = object.find(std::string(key));
    return found == object.end() ? k_none : *found;
}

std::string word(const Json& object, std::string_view key) {
    const Json& value = member(object, key);
    return value.is_string() ? printable(value.get_ref<const std::string&>()) : std::string();
}

std::optional<std::int64_t> number(const Json& object, std::string_view key) {
    const Json& value = member(object, key);
    if (!value.is_number_integer()) return std::nullopt;
    return value.get<std::int64_t>();
}

std::int64_t number_or(const Json& object, std::string_view key, std::int64_t fallback) {
    return number(object, key).value_or(fallback);
}

bool flag(const Json& object, std::string_view key) {
    const Json& value = member(object, key);
    return value.is_boolean() && value.get<bool>();
}

}  // namespace holdfast::ctl
