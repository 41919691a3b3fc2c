// Twilio's REST interface, as much as acting on a live call needs (twilio.md 5). Pure: requests and what
// answers mean; who sends them is somebody else's business.
#pragma once

#include "base/error.hpp"
#include "base/ids.hpp"
#include "base/sensitive.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace holdfast::twilio {

constexpr std::size_t k_rest_document_bytes_max = 4000;  // of TwiML in a request
constexpr std::size_t k_rest_answer_bytes_max = 256 * 1024;

struct RestRequest {
    std::string method;
    std::string target;  // behind the service's root
    std::string body;    // a form; empty: none
};

// Which calls Twilio has begun on behalf of this one: whom <Dial> rings.
RestRequest children_request(std::string_view account_sid, const base::CallSid& call);
// Ends whatever the call does, its stream included, and runs `document` instead.
RestRequest redirect_request(std::string_view account_sid, const base::CallSid& call, std::string_view document);

// Value of the Authorization header.
std::string basic_authorization(std::string_view key_sid, const base::Secret& secret);

struct RestAnswer {
    enum class Kind {
        done,     // as asked
        gone,     // there is no such call any more
        refused,  // credentials: nothing will work until somebody acts
        again,    // not processed, or nobody knows: every request here may be repeated
        wrong,    // will never work
    } kind = Kind::again;
    int code = 0;  // Twilio's number, 0: none
};
RestAnswer judge_rest(int http_status, std::string_view body);

// How many calls a list names. Error "json" (retry).
base::Result<std::size_t> count_children(std::string_view body);

}  // namespace holdfast::twilio
