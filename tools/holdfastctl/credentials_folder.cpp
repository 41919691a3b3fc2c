#include "holdfastctl/credentials_folder.hpp"

#include "config/keys.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <utility>

namespace holdfast::ctl {
namespace {

namespace fs = std::filesystem;

base::Error failed(const std::string& what, const std::string& why) {
    return base::make_error(base::Condition::fatal, "credentials", what + ": " + why);
}

}  // namespace

base::Result<CredentialsFolder> CredentialsFolder::make(const std::string& etc) {
    std::error_code error;
    auto name = (fs::temp_directory_path(error) / "holdfastctl-XXXXXX").string();
    if (error || ::mkdtemp(name.data()) == nullptr) return failed(name, std::strerror(errno));  // mode 0700
    CredentialsFolder folder(name);
    for (const auto& secret : config::secrets()) {
        const std::string each(secret.name);
        const auto plain = fs::path(etc) / "credstore" / ("holdfast." + each);
        const auto sealed = fs::path(etc) / "credstore.encrypted" / ("holdfast." + each);
        const auto here = fs::path(name) / each;
        if (fs::exists(plain, error)) {
            fs::create_symlink(fs::absolute(plain), here, error);
            if (error) return failed(here.string(), error.message());
        } else if (fs::exists(sealed, error)) {
            std::ofstream(here) << "encrypted\n";
        }
    }
    return folder;
}

CredentialsFolder::CredentialsFolder(CredentialsFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}

CredentialsFolder::~CredentialsFolder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
}

config::Environment environment_with(const CredentialsFolder& folder) {
    auto environment = config::Environment::process();
    environment.credentials_directory = folder.path();
    return environment;
}

bool has_credentials() {
    const char* given = std::getenv("CREDENTIALS_DIRECTORY");
    return given != nullptr && *given != '\0';
}

}  // namespace holdfast::ctl
