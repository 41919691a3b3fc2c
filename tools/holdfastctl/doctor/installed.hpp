// The configuration of the installed box, read as the daemon reads it, by root who has its secrets in another place.
#pragma once

#include "config/yaml_loader.hpp"

#include <string>

namespace holdfast::ctl::doctor {

struct Installed {
    std::string config = "/etc/holdfast/holdfast.yaml";
    std::string credentials = config::k_credential_store;  // as systemd finds them
};

struct Loaded {
    config::LoadResult result;
    bool secrets_seen = true;  // false: the folder of secrets is closed to this user, and they were not judged
};

// Of a closed folder no secret is missed. Blocks on the disk.
Loaded load_installed(const Installed& installed);

}  // namespace holdfast::ctl::doctor
