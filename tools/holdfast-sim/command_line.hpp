// Options that several subcommands share.
#pragma once

#include "base/error.hpp"
#include "wire/http.hpp"

#include <string>

namespace holdfast::sim {

// First line of `file`, or the environment variable; empty when there is neither.
base::Result<std::string> secret_from(const std::string& file, const char* variable);

// HOST:PORT[,plain]; false when it is something else. Empty text leaves `route` alone.
bool parse_connect_to(std::string text, Route& route);

}  // namespace holdfast::sim
