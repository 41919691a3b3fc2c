#include "document.hpp"

#include "faults.hpp"

#include <yaml-cpp/yaml.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace holdfast::sim {
namespace {

using nlohmann::json;

base::Error bad(std::string detail) {
    return base::make_error(base::Condition::reject, "document", std::move(detail));
}

json scalar(const YAML::Node& node) {
    const std::string& text = node.Scalar();
    if (node.Tag() == "!") return text;  // quoted
    if (text == "true") return true;
    if (text == "false") return false;
    if (text == "null" || text == "~" || text.empty()) return nullptr;
    const json parsed = json::parse(text, nullptr, false);
    return parsed.is_number() ? parsed : json(text);
}

json convert(const YAML::Node& node, int depth) {
    if (depth > 32) throw YAML::Exception(node.Mark(), "nested too deeply");
    if (node.IsSequence()) {
        json out = json::array();
        for (const auto& entry : node) out.push_back(convert(entry, depth + 1));
        return out;
    }
    if (node.IsMap()) {
        json out = json::object();
        for (const auto& entry : node) {
            const auto key = entry.first.as<std::string>();
            if (out.contains(key))
                throw YAML::Exception(entry.first.Mark(), "'" + key + "' stands twice");
            out[key] = convert(entry.second, depth + 1);
        }
        return out;
    }
    return node.IsScalar() ? scalar(node) : json(nullptr);
}

}  // namespace

base::Result<json> parse_document(const std::string& text) {
    try {
        return convert(YAML::Load(text), 0);
    } catch (const YAML::Exception& e) {
        return bad("line " + std::to_string(e.mark.line + 1) + ": " + e.msg);
    }
}

base::Result<std::string> read_text_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    if (!file || !(text << file.rdbuf())) return bad(path + ": cannot be read");
    return text.str();
}

base::Result<json> read_document(const std::string& path) {
    const auto text = read_text_file(path);
    if (!text) return text.error();
    auto document = parse_document(*text);
    if (!document) return bad(path + ": " + document.error().detail);
    return document;
}

bool write_file(const std::string& path, std::string_view bytes) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return static_cast<bool>(file.flush());
}

base::Result<void> refuse_unknown(const json& object, const std::vector<std::string>& known,
                                  const std::string& where) {
    if (!object.is_object()) return bad(where + " is not a mapping");
    for (const auto& [key, value] : object.items()) {
        if (std::find(known.begin(), known.end(), key) != known.end()) continue;
        const std::string hint = nearest(key, known);
        return bad(where + ": unknown key '" + key + "'" +
                   (hint.empty() ? "" : "; did you mean '" + hint + "'?"));
    }
    return {};
}

}  // namespace holdfast::sim
