// What systemd would bring in for the daemon: secrets stand in /etc/credstore as holdfast.NAME, and a shell of root's has none of
// them in its own $CREDENTIALS_DIRECTORY. This is a private folder of links to them by the names that the daemon knows, so that a
// configuration is judged as the service would find it; no secret is copied. Encrypted ones (/etc/credstore.encrypted) only systemd
// can open: a placeholder stands for each, which says that it is there.
#pragma once

#include "base/error.hpp"
#include "config/credentials.hpp"

#include <string>

namespace holdfast::ctl {

class CredentialsFolder {
  public:
    // `etc`: usually /etc.
    static base::Result<CredentialsFolder> make(const std::string& etc);
    CredentialsFolder(CredentialsFolder&& other) noexcept;
    CredentialsFolder& operator=(CredentialsFolder&&) = delete;
    ~CredentialsFolder();  // removes it

    const std::string& path() const { return path_; }

  private:
    explicit CredentialsFolder(std::string path) : path_(std::move(path)) {}
    std::string path_;
};

// This process's own, with the secrets of `folder` in front of its variables.
config::Environment environment_with(const CredentialsFolder& folder);
// True: somebody has given this process credentials already (systemd, a test).
bool has_credentials();

}  // namespace holdfast::ctl
