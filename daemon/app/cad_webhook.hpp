// The agency's CAD as the dispatch desk sees it: how it is reached, from the configuration.
#pragma once

#include "base/error.hpp"
#include "config/config.hpp"
#include "dispatch/desk.hpp"

namespace holdfast::net {
class AsioLoop;
}

namespace holdfast::app {

// Everything `dispatch.*` says. Error "url" or that of the certificate authority's file.
base::Result<dispatch::Settings> dispatch_settings(net::AsioLoop& loop, const config::Config& config);

}  // namespace holdfast::app
