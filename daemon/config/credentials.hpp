// Secrets are never in the YAML. Each is looked for as a systemd credential, then in the file that
// a
// `*_file` key names, then in the environment. Reading one never puts it into a message.
#pragma once

#include "config/config.hpp"
#include "config/problem.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace holdfast::config {

// What a configuration takes from the process around it. Tests make their own.
struct Environment {
    std::string credentials_directory;  // empty: none
    std::function<std::optional<std::string>(const char* name)> getenv = [](const char*) {
        return std::optional<std::string>();
    };
    // Where systemd takes credentials from, each as holdfast.NAME: for root's tools, which get none from systemd
    // themselves. Looked at when credentials_directory is empty; empty: not at all.
    std::string credential_store{};

    static Environment process();
};

constexpr const char* k_credential_store = "/etc/credstore";

constexpr std::size_t k_credential_bytes_max = 4096;

// Where to look for one secret.
struct CredentialSource {
    const char* name;      // in the credentials directory
    const char* file_key;  // YAML key that names a file
    std::string file;      // its value, empty: none
    const char* variable;  // in the environment
};

// Empty when there is none anywhere. A source that exists and is no good (empty, unreadable, open
// to others) is a problem and ends the search: the next one is not what the operator meant.
base::Secret find_credential(const CredentialSource& source, const Environment& environment,
                             std::vector<Problem>& problems);

}  // namespace holdfast::config
