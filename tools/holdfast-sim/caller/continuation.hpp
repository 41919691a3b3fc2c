// What happens to the call after its stream: the verbs behind </Connect>, their redirects and dial
// actions, followed in no time. The lines are the timeline that a person on the phone would live
// through.
#pragma once

#include "caller/webhook.hpp"

#include <functional>
#include <string>
#include <vector>

namespace holdfast::sim {

struct Ending {
    std::vector<std::string> verbs;  // "say ...", "dial +15550199", "hangup"
    bool reached_person = false;     // a dial was answered
    std::string error;               // Twilio's number, if the TwiML led nowhere
};

class Continuation {
  public:
    Continuation(Webhook& webhook, const CallOptions& options, std::function<void(Ending)> done)
        : webhook_(webhook), options_(options), done_(std::move(done)) {}
    void run(const XmlElement& response, std::size_t from);
    int dials() const { return dials_; }

  private:
    void fetch(const std::string& url, const twilio::Params& extra);
    void dialled(const XmlElement& dial, const XmlElement& response, std::size_t next);
    void finish();

    Webhook& webhook_;
    const CallOptions& options_;
    std::function<void(Ending)> done_;
    Ending ending_;
    int fetches_ = 0;
    int dials_ = 0;
};

}  // namespace holdfast::sim
