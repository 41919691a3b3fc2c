// Webhook bodies: a bounded form decoder and the few fields we use. Pure.
#pragma once

#include "base/error.hpp"
#include "base/ids.hpp"
#include "base/sensitive.hpp"
#include "twilio/signature.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace holdfast::twilio {

struct Form {
    Params pairs;  // decoded, in order of arrival, repeats kept: the signature needs them all
    // Value of the first pair of that name; empty when absent. `count` tells repeats.
    std::string_view get(std::string_view name) const;
    std::size_t count(std::string_view name) const;
};

// application/x-www-form-urlencoded. Errors (Condition::reject), code = word of form_reject_total:
// too_large, too_many_fields, value_too_long, bad_encoding, nul. Even on an error `salvaged` (when not
// null) gets the CallSid if one could be read, so that the caller can still be sent to people (T05).
base::Result<Form> parse_form(std::string_view body, std::optional<base::CallSid>* salvaged = nullptr);

struct VoiceRequest {
    base::CallSid call;
    std::string account_sid;
    base::Sensitive<std::string> from;
    base::Sensitive<std::string> to;
    std::string direction;
    std::string call_status;
    std::string attestation;  // StirVerstat
};
// Errors: "call_sid" (missing or malformed), "repeated" (CallSid given twice with different values).
base::Result<VoiceRequest> read_voice_request(const Form& form);

}  // namespace holdfast::twilio
