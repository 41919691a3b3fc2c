// The daemon's state as one line for `systemctl status`, the worst first. Pure.
//
//     3 calls, openai, 0 to sync, store good
//     degraded: clock not_set, certificate expires_soon; 3 calls, openai, store good
//     NOT READY: prompts missing; degraded: sync unreachable; 0 calls, canned, 1200 to sync, store good
#pragma once

#include "http/status.hpp"

#include <cstdint>
#include <string>

namespace holdfast::http {

struct StatusWords {
    std::string judgement;  // empty: all is well
    std::string figures;
    std::string line() const { return judgement.empty() ? figures : judgement + "; " + figures; }
};

StatusWords status_words(const DaemonStatus& status, std::int64_t now_utc_ms);

}  // namespace holdfast::http
