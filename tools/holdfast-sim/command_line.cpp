#include "command_line.hpp"

#include "document.hpp"

#include <algorithm>
#include <cstdlib>

namespace holdfast::sim {

base::Result<std::string> secret_from(const std::string& file, const char* variable) {
    if (!file.empty()) {
        auto text = read_text_file(file);
        if (!text) return text.error();
        text->erase(std::min(text->find_first_of("\r\n"), text->size()));
        return text;
    }
    const char* value = std::getenv(variable);
    return value != nullptr ? std::string(value) : std::string();
}

bool parse_connect_to(std::string text, Route& route) {
    if (text.empty()) return true;
    const std::size_t comma = text.find(",plain");
    route.plain = comma != std::string::npos;
    if (route.plain) text.resize(comma);
    const auto url = net::parse_url("http://" + text + "/");
    if (!url || !url->explicit_port) return false;
    route.host = url->host;
    route.port = url->port;
    return true;
}

}  // namespace holdfast::sim
