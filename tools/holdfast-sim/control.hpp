// The control port of a simulated service: a report to read, faults to switch on and off while it runs.
#pragma once

#include "faults.hpp"
#include "wire/http_server.hpp"

#include <nlohmann/json.hpp>

#include <functional>
#include <memory>
#include <vector>

namespace holdfast::sim {

struct Controlled {
    const std::vector<FaultName>& faults;
    std::function<nlohmann::ordered_json()> report;
    std::function<void(Fault)> add_fault;
    std::function<void()> clear_faults;
};

// GET /report, POST /fault (one a line), DELETE /fault; on 127.0.0.1.
base::Result<std::unique_ptr<HttpServer>> open_control(net::AsioLoop& loop, std::uint16_t port, Controlled controlled);

}  // namespace holdfast::sim
