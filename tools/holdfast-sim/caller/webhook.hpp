// The HTTP half of Twilio: form parameters, signatures in every right and wrong form, fetching
// TwiML.
#pragma once

#include "caller/options.hpp"
#include "twilio/signature.hpp"
#include "twiml_reader.hpp"

#include <functional>
#include <memory>
#include <string>

namespace holdfast::sim {

enum class SignedFor { webhook, upgrade };

// Value of X-Twilio-Signature for `url`, bent as options.signature says; empty: send no header.
std::string signature_for(const CallOptions& options, SignedFor kind, const std::string& url,
                          const twilio::Params& params);

struct TwimlAnswer {
    int http_status = 0;
    std::int64_t took_ms = 0;
    std::string error_code;  // Twilio's number, "11200", "12100", ...; empty: good
    std::string detail;
    std::string body;
    XmlElement twiml;
};

class Webhook {
  public:
    Webhook(net::AsioLoop& loop, const CallOptions& options, std::string call_sid)
        : loop_(loop), options_(options), call_sid_(std::move(call_sid)) {}
    // POSTs the parameters of this call plus `extra` and checks what comes back as Twilio would.
    void post(const net::Url& url, const std::string& call_status, const twilio::Params& extra,
              std::function<void(TwimlAnswer)> done);

  private:
    TwimlAnswer judge(base::Result<HttpMessage> result) const;

    net::AsioLoop& loop_;
    const CallOptions& options_;
    std::string call_sid_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // an answer may outlast the call
};

}  // namespace holdfast::sim
