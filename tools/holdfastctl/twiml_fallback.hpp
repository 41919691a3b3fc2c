// `twiml fallback`: the last rung, which needs neither the box nor its line. Prints the document that dials
// people, and what to set on the number so that Twilio finds it.
#pragma once

#include "holdfastctl/commands.hpp"

#include <string>

namespace CLI {
class App;
}

namespace holdfast::ctl {

struct TwimlFallback {
    std::string config = "/etc/holdfast/holdfast.yaml";
};

// What stands in a number's VoiceUrl, with the limits that give the box up within seconds.
std::string twilio_voice_url(const std::string& base_url);

CLI::App* declare_twiml_fallback(CLI::App& twiml, TwimlFallback& options);
int twiml_fallback_command(const Session& session, const TwimlFallback& options);

}  // namespace holdfast::ctl
