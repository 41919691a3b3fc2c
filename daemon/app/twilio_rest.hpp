// The way to Twilio's REST interface, out of the configuration.
#pragma once

#include "base/error.hpp"
#include "call/follow_up.hpp"
#include "config/config.hpp"

namespace holdfast::net {
class AsioLoop;
}

namespace holdfast::app {

// Empty without twilio.api_key_sid and its secret. Any thread; reads the trust store. The sender is the
// loop's. Code "url".
base::Result<call::FollowUp::Send> rest_sender(net::AsioLoop& loop, const config::Config& config);

}  // namespace holdfast::app
