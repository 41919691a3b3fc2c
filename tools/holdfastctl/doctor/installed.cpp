#include "holdfastctl/doctor/installed.hpp"

#include <unistd.h>

#include <cerrno>

namespace holdfast::ctl::doctor {

Loaded load_installed(const Installed& installed) {
    auto environment = config::Environment::process();
    Loaded loaded;
    if (environment.credentials_directory.empty()) {
        if (::access(installed.credentials.c_str(), R_OK | X_OK) == 0 || errno == ENOENT) {
            environment.credential_store = installed.credentials;
        } else {
            loaded.secrets_seen = false;
        }
    }
    loaded.result = config::load_file(installed.config, environment);
    if (loaded.secrets_seen || loaded.result.config) return loaded;
    // Perhaps only for the secrets that cannot be seen: judge the rest.
    environment.getenv = [real = environment.getenv](const char* name) {
        auto value = real(name);
        return value ? value : std::string("not-seen");
    };
    loaded.result = config::load_file(installed.config, environment);
    // What stands for them must not be sent to anybody.
    if (loaded.result.config) loaded.result.config->credentials = {};
    return loaded;
}

}  // namespace holdfast::ctl::doctor
