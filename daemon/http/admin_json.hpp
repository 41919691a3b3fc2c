// The JSON documents of the admin listener, as README.md of this room describes them. Pure.
#pragma once

#include "dispatch/life.hpp"
#include "http/status.hpp"
#include "store/journal.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace holdfast::http {

std::string error_json(std::string_view code, std::string_view message);
std::string transfer_json(const base::CallSid& call);  // asked for
std::string drain_json(const DrainStatus& drain);
std::string selftest_json(const SelftestStatus& last);
std::string status_json(const DaemonStatus& status, std::int64_t now_utc_ms);
std::string ready_json(const DaemonStatus& status, std::int64_t now_utc_ms);
// No phone numbers; those are in the detail of one call only.
std::string calls_json(const store::CallList& list);
std::string call_json(const store::CallDetail& detail);
struct ExportAbout {
    std::string id;  // what its recordings are asked for with; a secret of who exports
    std::string site_id, version, generation, by, why;
    std::int64_t utc_ms = 0;
};
std::string export_json(const ExportAbout& about, const store::CallDetail& detail);
std::string chain_json(const store::ChainBite& bite);
std::string losses_json(const std::vector<store::LossRow>& losses);
std::string dispatch_json(const dispatch::Life& life);
std::string dead_letters_json(const store::DeadLetters& letters);
std::string dispatches_json(const std::vector<dispatch::Life>& lives);

}  // namespace holdfast::http
