// What `holdfast-sim call` was asked to do.
#pragma once

#include "caller/script.hpp"
#include "faults.hpp"
#include "wire/http.hpp"

#include <memory>
#include <string>
#include <vector>

namespace holdfast::sim {

const std::vector<FaultName>& caller_faults();
const std::vector<FaultName>& signature_modes();

struct CallOptions {
    net::Url webhook;
    std::string base;        // scheme://host[:port] that is signed; empty: the webhook's own
    std::string fallback;    // asked when the webhook fails, as a number's VoiceFallbackUrl
    std::string token;       // signs everything
    std::string next_token;  // for --signature next-token
    std::string account_sid = "AC00000000000000000000000000000001";
    std::string call_sid;  // empty: a new one
    std::string from = "+15550100123";
    std::string to = "+15550100911";
    std::string stir = "TN-Validation-Passed-A";
    Route route;
    std::shared_ptr<Tls> tls;
    CallerScript script;
    FaultSet faults;
    std::vector<std::string> signature;  // modes, each "name" or "name:webhook" / "name:upgrade"
    std::string dial_status = "completed";
    int rest_port = -1;  // of Twilio's REST interface to this call; -1: none
    std::string rest_key_sid = "SK00000000000000000000000000000001";
    std::string rest_key_secret;
    bool expect_person = false;  // a good call ends at the human queue
    int connect_timeout_ms = 5000;
    int webhook_timeout_ms = 15'000;
    int patience_ms = 15'000;
    int max_seconds = 600;
    unsigned seed = 1;
};

}  // namespace holdfast::sim
