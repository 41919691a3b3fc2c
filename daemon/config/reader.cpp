#include "config/reader.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace holdfast::config {
namespace {

constexpr std::size_t k_text_bytes_max = 4096;

bool ends_with(std::string_view text, std::string_view tail) {
    return text.size() >= tail.size() && text.substr(text.size() - tail.size()) == tail;
}

// A key that somebody would put a secret into.
bool names_a_secret(std::string_view name) {
    static constexpr std::array<std::string_view, 7> k_tails{
        "key", "token", "secret", "password", "passwd", "credential", "token_next"};
    std::string lower(name);
    for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return std::any_of(k_tails.begin(), k_tails.end(),
                       [&](auto tail) { return ends_with(lower, tail); });
}

bool looks_like_a_secret(std::string_view text) {
    const std::string_view head = text.substr(0, 3);
    return head == "sk-" || head == "sk_" || text.find("-----BEGIN") != std::string_view::npos;
}

// Letters to change, add or drop to turn one name into the other.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({changed, row[j] + 1, row[j - 1] + 1});
        }
    }
    return row[b.size()];
}

std::string_view leaf(std::string_view path) {
    return path.substr(path.rfind('.') + 1);
}

std::vector<std::string_view> all_paths() {
    std::vector<std::string_view> paths;
    for (const Section& section : sections()) paths.push_back(section.path);
    for (const Key& key : keys()) paths.push_back(key.path);
    return paths;
}

// The known path that was meant by `name` below `prefix` ("" or "openai."), or "". A misspelt name
// of the same place comes first, then the right name in the wrong place.
std::string_view suggestion(std::string_view name, std::string_view prefix) {
    if (name.size() > 64) return {};
    std::string_view best;
    std::size_t best_distance = 1 + std::max<std::size_t>(2, name.size() / 3);
    std::string_view elsewhere;
    for (const std::string_view path : all_paths()) {
        const std::string_view last = leaf(path);
        if (last == name && elsewhere.empty()) elsewhere = path;
        if (path.size() != prefix.size() + last.size() || path.substr(0, prefix.size()) != prefix)
            continue;
        const std::size_t d = distance(name, last);
        if (d < std::min(best_distance, last.size())) {
            best = path;
            best_distance = d;
        }
    }
    return best.empty() ? elsewhere : best;
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
    const bool negative = !text.empty() && text[0] == '-';
    const std::string_view digits = text.substr(negative ? 1 : 0);
    if (digits.size() > 1 && digits[0] == '0') return std::nullopt;
    const auto value = base::parse_decimal(digits);
    if (!value) return std::nullopt;
    return negative ? -*value : *value;
}

// Digits with at most one point: no exponent, sign tricks, hexadecimal, infinity.
std::optional<double> parse_real(std::string_view text) {
    const bool plain =
        !text.empty() && text.size() <= 20 && std::all_of(text.begin(), text.end(), [](char c) {
            return (c >= '0' && c <= '9') || c == '.' || c == '-';
        });
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (!plain || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

// Why `text` is no integer, in the words of the mistake that was made.
std::string integer_mistake(const Node& node) {
    const std::string& text = node.text;
    if (node.quoted) return "a quoted text instead of a number";
    if (text.size() > 1 && text[0] == '0' && base::parse_decimal(text)) {
        return "a leading zero (YAML readers disagree whether that is octal)";
    }
    if (parse_real(text)) return "a fraction instead of an integer";
    return "not an integer";
}

const char* kind_name(Node::Kind kind) {
    switch (kind) {
        case Node::Kind::null:
            return "no value";
        case Node::Kind::scalar:
            return "a single value";
        case Node::Kind::list:
            return "a list";
        case Node::Kind::map:
            return "a section";
    }
    return "something else";
}

template <class T>
constexpr bool k_is_text =
    std::is_same_v<T, std::string> || std::is_same_v<T, std::vector<std::string>>;

template <class T, class Number>
T converted(Number number) {
    if constexpr (std::is_arithmetic_v<T>)
        return static_cast<T>(number);
    else
        return T(static_cast<typename T::rep>(number));  // a duration
}

}  // namespace

std::string printable(std::string_view name) {
    std::string out;
    for (const char c : name.substr(0, 60)) out += c > 0x20 && c < 0x7f ? c : '?';
    if (name.size() > 60) out += "...";
    return out;
}

void Reader::read_document(const Node& root, const std::string& file) {
    file_ = file;
    if (root.kind == Node::Kind::map) return read_map(root, "");
    if (root.kind != Node::Kind::null) {
        add(root.at, "", std::string(kind_name(root.kind)) + " instead of sections",
            "site:, listen:, ...");
    }
}

Reader::Place Reader::place(std::string_view key) const {
    for (;;) {
        const auto found = seen_.find(key);
        if (found != seen_.end()) return found->second;
        const auto dot = key.rfind('.');
        if (dot == std::string_view::npos) return {main_, {}};
        key = key.substr(0, dot);
    }
}

Problem Reader::problem_at(std::string_view key, std::string problem, std::string expected) const {
    Place where = place(key);
    return {std::move(where.file), where.at.line, where.at.column, std::string(key), std::move(problem), std::move(expected)};
}

void Reader::add(Position at, std::string key, std::string problem, std::string expected) {
    bad.insert(key);
    problems.push_back(
        {file_, at.line, at.column, std::move(key), std::move(problem), std::move(expected)});
}

void Reader::read_map(const Node& map, const std::string& prefix) {
    std::map<std::string_view, int> lines;  // of the first appearance
    for (const Node& node : map.children) {
        const std::string path = prefix + node.key;
        const auto [first, fresh] = lines.emplace(node.key, node.key_at.line);
        if (!fresh) {
            add(node.key_at, printable(path), "stands here a second time",
                "once; the first is in line " + std::to_string(first->second));
            continue;
        }
        read_entry(node, path, prefix);
    }
}

void Reader::read_entry(const Node& node, const std::string& path, const std::string& prefix) {
    // A name with a dot in it is not the path it looks like.
    const bool dotted = node.key.find('.') != std::string::npos;
    if (!dotted && is_section(path)) {
        seen_[path] = {file_, node.key_at};
        // Null: a section whose keys are all commented out.
        if (node.kind == Node::Kind::null) return;
        if (node.kind == Node::Kind::map) return read_map(node, path + ".");
        return add(node.at, path, std::string(kind_name(node.kind)) + " instead of a section",
                   "keys below it");
    }
    const Key* key = dotted ? nullptr : find_key(path);
    if (key == nullptr) return unknown(node, path, prefix);
    seen_[path] = {file_, node.kind == Node::Kind::null ? node.key_at : node.at};
    assign(*key, node);
}

void Reader::unknown(const Node& node, const std::string& path, const std::string& prefix) {
    const std::string name = printable(path);
    if (node.key.find('.') != std::string::npos && find_key(path) != nullptr) {
        return add(node.key_at, name, "a dotted name is not a path in YAML",
                   "sections, each on a line of its own");
    }
    if (names_a_secret(node.key)) {
        return add(node.key_at, name, "secrets are never in this file",
                   "a systemd credential (openai_api_key, elevenlabs_api_key, "
                   "twilio_auth_token, twilio_auth_token_next, twilio_api_key_secret) or a "
                   "*_file key");
    }
    const std::string_view meant = suggestion(node.key, prefix);
    if (meant.empty())
        return add(node.key_at, name, "unknown key", "a key of --print-config");
    add(node.key_at, name, "unknown key, did you mean " + std::string(meant) + "?", "");
}

std::string Reader::text_problem(const Key& key, const Node& node) const {
    const auto& rule = std::get<TextRule>(key.allowed);
    const std::string& text = node.text;
    if (node.kind == Node::Kind::null) return "no value";
    if (node.kind != Node::Kind::scalar)
        return std::string(kind_name(node.kind)) + " instead of a single value";
    if (looks_like_a_secret(text))
        return "a secret; it belongs into a credential or a file of its own";
    if (text.size() > k_text_bytes_max) return "too long";
    const bool control = std::any_of(text.begin(), text.end(),
                                     [](unsigned char c) { return c < 0x20 || c == 0x7f; });
    if (control) return "line breaks and control characters are not allowed";
    if (text.empty()) return rule.may_be_empty ? "" : "empty";
    if (!rule.words.empty()) {
        const bool known =
            std::find(rule.words.begin(), rule.words.end(), text) != rule.words.end();
        return known ? "" : "not one of the words it can be";
    }
    return rule.good == nullptr || rule.good(text) ? "" : "not what it should be";
}

template <class Number>
void Reader::assign_number(const Key& key, const Node& node, Number number) {
    const auto& range = std::get<Range>(key.allowed);
    const auto value = static_cast<double>(number);
    if (value >= range.least && value <= range.most) {
        std::visit(
            [&](const auto& ref) {
                using T = typename std::decay_t<decltype(ref)>::Type;
                if constexpr (!k_is_text<T>) ref.in(config) = converted<T>(number);
            },
            key.member);
        return;
    }
    const bool fixed = range.least == range.most;
    std::string problem =
        fixed ? "cannot be changed: " + std::string(key.description) : "out of range";
    add(node.at, std::string(key.path), std::move(problem), expected(key));
}

void Reader::assign(const Key& key, const Node& node) {
    const std::string path(key.path);
    const auto wrong = [&](const Node& where, std::string problem) {
        const Position at = where.kind == Node::Kind::null ? where.key_at : where.at;
        add(at, path, std::move(problem), expected(key));
    };
    if (const auto* text = std::get_if<Ref<std::string>>(&key.member)) {
        const std::string problem = text_problem(key, node);
        if (!problem.empty()) return wrong(node, problem);
        text->in(config) = node.text;
        return;
    }
    if (const auto* list = std::get_if<Ref<std::vector<std::string>>>(&key.member)) {
        if (node.kind != Node::Kind::list) {
            return wrong(node, std::string(kind_name(node.kind)) + " instead of a list");
        }
        std::vector<std::string> items;
        for (const Node& item : node.children) {
            const std::string problem = text_problem(key, item);
            const std::string index = "[" + std::to_string(items.size()) + "]";
            if (!problem.empty()) add(item.at, path + index, problem, expected(key));
            items.push_back(item.text);
        }
        list->in(config) = std::move(items);
        return;
    }
    if (node.kind != Node::Kind::scalar) return wrong(node, kind_name(node.kind));
    if (const auto* truth = std::get_if<Ref<bool>>(&key.member)) {
        if (node.quoted || (node.text != "true" && node.text != "false")) {
            return wrong(node, "neither true nor false");
        }
        truth->in(config) = node.text == "true";
        return;
    }
    if (std::holds_alternative<Ref<double>>(key.member)) {
        const auto real = node.quoted ? std::nullopt : parse_real(node.text);
        return real ? assign_number(key, node, *real) : wrong(node, "not a number");
    }
    const auto integer = node.quoted ? std::nullopt : parse_integer(node.text);
    return integer ? assign_number(key, node, *integer) : wrong(node, integer_mistake(node));
}

}  // namespace holdfast::config
