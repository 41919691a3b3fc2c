#include "control.hpp"

namespace holdfast::sim {
namespace {

HttpReply text(int status, std::string body) {
    return {status, std::move(body), "text/plain", {}};
}

HttpReply add_faults(const Controlled& controlled, std::string_view lines) {
    std::vector<Fault> faults;
    while (!lines.empty()) {
        const std::string_view line = lines.substr(0, lines.find('\n'));
        lines.remove_prefix(std::min(lines.size(), line.size() + 1));
        if (line.empty()) continue;
        auto fault = parse_fault(line, controlled.faults);
        if (!fault) return text(400, fault.error().detail + "\n");
        faults.push_back(std::move(*fault));
    }
    for (auto& fault : faults) controlled.add_fault(std::move(fault));
    return text(200, std::to_string(faults.size()) + " faults\n");
}

}  // namespace

base::Result<std::unique_ptr<HttpServer>> open_control(net::AsioLoop& loop, std::uint16_t port, Controlled controlled) {
    return HttpServer::open(loop, "127.0.0.1", port, [controlled = std::move(controlled)](const HttpMessage& request) {
        const std::string what = request.method + " " + request.target;
        if (what == "GET /report") return HttpReply{200, controlled.report().dump(2) + "\n", "application/json", {}};
        if (what == "POST /fault") return add_faults(controlled, request.body);
        if (what != "DELETE /fault") return text(404, "GET /report, POST /fault (one a line), DELETE /fault\n");
        controlled.clear_faults();
        return text(200, "no faults\n");
    });
}

}  // namespace holdfast::sim
