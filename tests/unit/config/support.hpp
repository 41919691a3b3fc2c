// What the tests of this room share: an environment of their own, and a folder that goes away.
#pragma once

#include "config/yaml_loader.hpp"

#include <gmock/gmock.h>

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::config {

inline Environment with_variables(std::map<std::string, std::string> variables) {
    Environment environment;
    environment.getenv = [variables = std::move(variables)](const char* name) {
        const auto found = variables.find(name);
        return found == variables.end() ? std::nullopt : std::optional<std::string>(found->second);
    };
    return environment;
}

inline Environment with_secrets() {
    return with_variables(
        {{"TWILIO_AUTH_TOKEN", "token-of-a-test"}, {"OPENAI_API_KEY", "key-of-a-test"},
         {"ELEVENLABS_API_KEY", "eleven-key-of-a-test"}});
}

// A file's text without the problems that an empty one has: nothing listens with TLS.
inline std::string plain_listener() {
    return "listen: {public: {tls: false, address: 127.0.0.1}}\n";
}

inline LoadResult load(const std::string& text) {
    return load_text(text, "h.yaml", with_secrets());
}

inline std::vector<std::string> problems(const LoadResult& result) {
    std::vector<std::string> lines;
    for (const auto& problem : result.problems) lines.push_back(to_string(problem));
    return lines;
}

inline std::vector<std::string> problems(const std::string& text) {
    return problems(load(text));
}

class TemporaryFolder {
  public:
    TemporaryFolder() : path_(testing::TempDir() + "/holdfast-config-XXXXXX") {
        if (::mkdtemp(path_.data()) == nullptr) std::abort();
    }
    ~TemporaryFolder() { std::filesystem::remove_all(path_); }
    std::string path(const std::string& name = {}) const {
        return name.empty() ? path_ : path_ + "/" + name;
    }
    std::string write(const std::string& name, std::string_view text, mode_t mode = 0600) const {
        std::ofstream(path(name), std::ios::binary) << text;
        ::chmod(path(name).c_str(), mode);
        return path(name);
    }

  private:
    std::string path_;
};

}  // namespace holdfast::config
