// What `init` writes: the site's four lines, two secrets, a certificate, a port. Making and judging them is pure; writing is here
// too, each file whole or not at all.
#pragma once

#include "base/error.hpp"
#include "base/sensitive.hpp"

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace holdfast::ctl {

struct SiteAnswers {
    std::string site_id;
    std::string base_url;
    std::string person;
    base::Secret twilio_auth_token;
    base::Secret openai_api_key;  // empty: none
};

enum class SiteQuestion { site_id, base_url, person, twilio_auth_token, openai_api_key };

// What the daemon's own rules say of this answer, beside others that are good; empty: it may stand. Never repeats the answer.
std::string problem_with(SiteQuestion question, const std::string& answer);

inline constexpr char k_site_certificate[] = "/etc/holdfast/tls/certificate.pem";
inline constexpr char k_site_private_key[] = "/etc/holdfast/tls/private_key.pem";

// The port of the URL when it is not 443, which the packaged socket has.
std::optional<std::uint16_t> other_port(const std::string& base_url);
std::string site_yaml(const SiteAnswers& answers);
std::string socket_drop_in(std::uint16_t port);

enum class Existing { kept, replaced };

struct FileMode {
    mode_t mode = 0644;
    std::optional<gid_t> group;  // none: as it comes
};

// Makes the folder (and those above it) with `folder_mode` when it is not there. Written beside, synced, renamed, and the folder
// synced: after a power cut the file is whole or as it was. An error with code "exists" when it is there and to be kept.
base::Result<void> write_whole(const std::string& path, const std::string& text, FileMode mode, mode_t folder_mode, Existing existing);

// Number of the group in ROOT/etc/group; none: there is no such group.
std::optional<gid_t> group_in(const std::string& root, const std::string& name);

}  // namespace holdfast::ctl
