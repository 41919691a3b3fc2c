// The one table of configuration keys: path, member, what is allowed, whether a reload applies it,
// and the explanation an operator reads. The parser, the reference file, reload and their tests all
// use it.
#pragma once

#include "config/config.hpp"

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace holdfast::config {

// A member of Config, reachable in a const and in a mutable one.
template <class T>
struct Ref {
    using Type = T;
    T& (*in)(Config&);
    // `in` only finds the member; nothing is written through what this returns.
    const T& in_const(const Config& config) const { return in(const_cast<Config&>(config)); }
};

using Member = std::variant<Ref<std::string>, Ref<bool>, Ref<int>, Ref<std::uint16_t>, Ref<double>,
                            Ref<milliseconds>, Ref<seconds>, Ref<std::vector<std::string>>>;

// What a text may be: one of `words`, or anything that `good` accepts. Both empty: any one line.
struct TextRule {
    bool (*good)(std::string_view) = nullptr;
    const char* expected = "text";
    std::vector<std::string_view> words;
    bool may_be_empty = false;
};

struct Range {
    double least = 0;
    double most = 0;
};

enum class OnReload { applied, needs_restart };

struct Key {
    std::string_view path;
    Member member;
    std::variant<std::monostate, TextRule, Range> allowed;
    OnReload on_reload;
    std::string_view description;  // lines of at most 90 characters
};

struct Section {
    std::string_view path;
    std::string_view description;  // may be empty
};

const std::vector<Key>& keys();          // in the order of the reference
const std::vector<Section>& sections();  // every parent of a key

// A secret, which is never in the YAML, and the three places where it is looked for (credentials.hpp).
struct SecretKey {
    const char* name;      // of the systemd credential
    const char* file_key;  // empty: no key names a file
    const char* variable;
    base::Secret Credentials::*member;
    OnReload on_reload;
    std::string_view description;
};

const std::vector<SecretKey>& secrets();

const Key* find_key(std::string_view path);
bool is_section(std::string_view path);

// Empty: a number without one. By the end of the name.
std::string_view unit(const Key& key);

// What is allowed, in words: "an integer from 100 to 60000".
std::string expected(const Key& key);

// The value as it would stand in YAML.
std::string render(const Key& key, const Config& config);

// Rules that other checks share.
bool is_e164(std::string_view text);
bool is_sip_address(std::string_view text);
bool is_dialled(std::string_view text);  // either of them
bool is_loopback_address(std::string_view address);  // a numeric address

}  // namespace holdfast::config
