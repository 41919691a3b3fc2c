// What went wrong with a provider, as far as the ladder cares: does it heal, how soon, and does it
// hit one service or the whole account.
#pragma once

#include "base/error.hpp"
#include "base/loop.hpp"
#include "ladder/rung.hpp"

#include <optional>
#include <string_view>

namespace holdfast::ladder {

enum class Fault {
    network,       // reset, no route, name, TLS (N04, N05, N17)
    timeout,       // connect budget, dead socket, no answer (N06, O05, O13)
    server_error,  // 5xx, close 1011 to 1014, error event (O04, O11, E04)
    rate_limited,  // 429 (O03, E03, E04)
    protocol,      // what comes is not what was agreed (O17, O18, O27, E07)
    closed,        // a close without a reason that says more (O07)
    auth,          // the key is refused (O01, E01)
    account,       // quota used up, account closed (E01)
    model,         // unknown model, voice or path (O02, E02)
    policy,        // the same request would be refused again (O09)
    not_enabled,   // close 4003: the workspace has no access (elevenlabs.md, section 7)
};
const char* to_string(Fault fault);

// Nothing that a second session at once could mend.
bool is_fatal(Fault fault);
// Every rung of the provider has it.
bool is_account_wide(Fault fault);
// How long to leave the service alone because of a fatal fault; nullopt: back off as usual.
std::optional<base::milliseconds> hold_of(Provider provider, Fault fault);

// From the words of a voice's loss: `reason` of holdfast_upstream_lost_total, what to do about it,
// and the close code or HTTP status (0: none).
Fault fault_of(std::string_view reason, base::Condition condition, int code);

}  // namespace holdfast::ladder
