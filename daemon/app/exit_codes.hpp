// What the process says when it ends (sysexits.h). The unit does not restart on usage and configuration.
#pragma once

namespace holdfast::app {

constexpr int k_exit_stopped = 0;
constexpr int k_exit_usage = 64;
constexpr int k_exit_internal = 70;
constexpr int k_exit_storage = 74;
constexpr int k_exit_configuration = 78;

}  // namespace holdfast::app
