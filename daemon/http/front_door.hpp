// The public listener's routes: Twilio's webhooks, the media upgrade and the recorded prompts. Checks
// the signature before any state is created, answers with TwiML, and never turns a caller away. Media
// loop only; every answer is computed at once (budget 50 ms, no provider, no disk).
#pragma once

#include "base/loop.hpp"
#include "base/sensitive.hpp"
#include "call/caller_leg.hpp"
#include "call/registry.hpp"
#include "net/http_server.hpp"
#include "store/journal.hpp"
#include "twilio/signature.hpp"
#include "twilio/twiml.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::http {

// What a reload may change. Requests use the snapshot that is in force when they arrive.
struct FrontDoorSettings {
    std::string base_url;     // empty: scheme and host of the request
    bool verify_signature = true;
    std::vector<base::Secret> auth_tokens;  // current, next
    std::string account_sid;  // empty: any
    twilio::PersonVerbs person;
};

// id -> WAV file (mu-law, 8 kHz) as served to <Play>.
using PromptFiles = std::map<std::string, std::string, std::less<>>;

class FrontDoor : public net::HttpHandler {
  public:
    FrontDoor(base::Loop& loop, call::Registry& registry, call::CallerLegs& legs, call::FollowUp& follow_up,
              store::Journal& journal, const PromptFiles& prompts, FrontDoorSettings settings);

    void on_request(const net::HttpRequest& request, net::HttpReply reply) override;
    net::UpgradeAnswer on_upgrade(const net::HttpRequest& request) override;

    // A run of ours that died had this call: its caller may have nobody now.
    void left_behind(const base::CallSid& sid, const std::string& account_sid);

    void set_settings(FrontDoorSettings settings) { settings_ = std::move(settings); }

  private:
    net::HttpResponse voice(const net::HttpRequest& request);
    net::HttpResponse next(const net::HttpRequest& request);
    net::HttpResponse status(const net::HttpRequest& request);
    net::HttpResponse whisper(const net::HttpRequest& request);
    net::HttpResponse prompt(const net::HttpRequest& request) const;
    void see_to(const base::CallSid& sid, std::string_view account_sid, const net::HttpRequest& request);

    // The form of a signed POST, or the response that refuses it.
    std::optional<net::HttpResponse> read_signed_form(const net::HttpRequest& request, const char* route,
                                                      twilio::Form& form,
                                                      std::optional<base::CallSid>& salvaged);
    bool signature_holds(const net::HttpRequest& request, const char* route, const twilio::Params& params,
                         bool websocket);
    net::HttpResponse refuse_signature(const net::HttpRequest& request, const char* route);
    twilio::PersonVerbs person_verbs(const std::string& base) const;
    net::HttpResponse person_answer(const net::HttpRequest& request, std::string_view why) const;
    net::HttpResponse stream_answer(const net::HttpRequest& request, const base::CallSid& sid, const twilio::Form& form,
                                    std::string_view token) const;
    std::string base_of(const net::HttpRequest& request) const;

    base::Loop& loop_;
    call::Registry& registry_;
    call::CallerLegs& legs_;
    call::FollowUp& follow_up_;
    store::Journal& journal_;
    const PromptFiles& prompts_;
    FrontDoorSettings settings_;
    std::optional<base::TimePoint> audited_at_;  // refused signatures are audited at a bounded rate
    std::uint64_t refused_since_audit_ = 0;
};

}  // namespace holdfast::http
