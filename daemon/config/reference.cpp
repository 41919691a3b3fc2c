// The reference file is made from the table of keys, so that it cannot disagree with the parser.
#include "config/keys.hpp"
#include "config/yaml_loader.hpp"

#include <algorithm>

namespace holdfast::config {
namespace {

constexpr char k_head[] =
    "# Configuration of holdfastd, the Holdfast daemon: the reference, to copy from.\n"
    "#\n"
    "# A site's own settings belong into files of their own, /etc/holdfast/conf.d/*.yaml. They are read\n"
    "# after /etc/holdfast/holdfast.yaml in the order of their names; a later file wins, key by key.\n"
    "# The same as a manual page: man holdfast.yaml\n"
    "#\n"
    "# Every key is shown with its default. To change one, remove the '#' directly before its name "
    "and\n"
    "# leave the indentation as it is. A key that is not set keeps its default.\n"
    "#\n"
    "# After a change:\n"
    "#   holdfastctl check             reports every mistake with line and column\n"
    "#   systemctl reload holdfast     applies it without ending a call; a file with a mistake "
    "changes\n"
    "#                                 nothing. Keys marked [restart] need `systemctl restart "
    "holdfast`.\n"
    "#\n"
    "# Secrets do not belong into this file: see twilio, openai and elevenlabs.\n";

void append_comment(std::string& out, const std::string& indent, std::string_view text) {
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        out.append(indent).append("# ").append(text.substr(0, end)).append("\n");
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

// The part of an explanation that the table itself knows.
std::string allowed_text(const Key& key) {
    std::string out;
    if (const auto* rule = std::get_if<TextRule>(&key.allowed)) {
        if (!rule->words.empty()) out = expected(key);
    } else if (const auto* range = std::get_if<Range>(&key.allowed)) {
        if (range->least != range->most) out = expected(key);
    }
    if (!out.empty()) {
        out[0] = static_cast<char>(out[0] - 'a' + 'A');
        out += '.';
    }
    if (key.on_reload == OnReload::needs_restart) out += out.empty() ? "[restart]" : " [restart]";
    return out;
}

// A key that is commented out. A long list goes on in lines of its own, which belong to it.
void append_key(std::string& out, const std::string& indent, std::string_view name, const std::string& value) {
    constexpr std::size_t k_columns = 98;
    std::string line = indent + "#" + std::string(name) + ": ";
    std::string_view rest = value;
    while (value.front() == '[' && line.size() + rest.size() > k_columns) {
        const auto cut = rest.rfind(", ", k_columns - line.size());
        if (cut == std::string_view::npos) break;
        out.append(line).append(rest.substr(0, cut + 1)).append("\n");
        rest.remove_prefix(cut + 2);
        line = indent + "#  ";
    }
    out.append(line).append(rest).append("\n");
}

std::string indent_of(std::string_view path) {
    return std::string(2 * static_cast<std::size_t>(std::count(path.begin(), path.end(), '.')),
                       ' ');
}

std::string_view parent_of(std::string_view path) {
    const auto dot = path.rfind('.');
    return dot == std::string_view::npos ? std::string_view() : path.substr(0, dot);
}

// Opens the sections on the way to `path` that are not open yet.
void append_sections(std::string& out, std::string_view path, std::string_view open) {
    if (path.empty() || open == path || open.substr(0, path.size() + 1) == std::string(path) + ".")
        return;
    append_sections(out, parent_of(path), open);
    const auto section = std::find_if(sections().begin(), sections().end(),
                                      [&](const Section& s) { return s.path == path; });
    out += '\n';
    append_comment(out, indent_of(path), section->description);
    out.append(indent_of(path)).append(path.substr(path.rfind('.') + 1)).append(":\n");
}

}  // namespace

std::string reference_yaml() {
    const Config defaults;
    std::string out = k_head;
    std::string_view open;
    for (const Key& key : keys()) {
        const std::string_view section = parent_of(key.path);
        const bool first = section != open;
        append_sections(out, section, open);
        open = section;
        const std::string indent = indent_of(key.path);
        if (!first) out += '\n';
        append_comment(out, indent, key.description);
        append_comment(out, indent, allowed_text(key));
        append_key(out, indent, key.path.substr(section.size() + 1), render(key, defaults));
    }
    return out;
}

}  // namespace holdfast::config
