// A YAML or JSON file as one JSON value (JSON is read by the YAML reader too, being a part of it).
#pragma once

#include "base/error.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace holdfast::sim {

base::Result<nlohmann::json> parse_document(const std::string& text);
base::Result<nlohmann::json> read_document(const std::string& path);

base::Result<std::string> read_text_file(const std::string& path);
bool write_file(const std::string& path, std::string_view bytes);

// An error naming the first member of `object` that is not in `known`, with a suggestion.
base::Result<void> refuse_unknown(const nlohmann::json& object,
                                  const std::vector<std::string>& known, const std::string& where);

}  // namespace holdfast::sim
