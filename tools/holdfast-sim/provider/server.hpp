// The provider as a server: upgrades, refusals, one session a connection, the control port, the
// report.
#pragma once

#include "control.hpp"
#include "events.hpp"
#include "faults.hpp"
#include "provider/session.hpp"
#include "wire/http.hpp"
#include "wire/stream.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace holdfast::net {
class AsioLoop;
}

namespace holdfast::sim {

struct ProviderOptions {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;
    std::shared_ptr<Tls> tls;
    std::string key;        // empty: any key will do
    int control_port = -1;  // -1: none
    bool echo = false;
    ProviderSettings settings;
};

class ProviderServer {
  public:
    static base::Result<std::unique_ptr<ProviderServer>> open(net::AsioLoop& loop,
                                                              ProviderOptions options,
                                                              EventLog& events);
    ~ProviderServer();

    std::uint16_t port() const { return acceptor_->port(); }
    std::uint16_t control_port() const { return control_ ? control_->port() : std::uint16_t{0}; }
    nlohmann::ordered_json report() const;
    // From now on, also for sessions that run already.
    void add_fault(Fault fault);
    void clear_faults() { options_.settings.faults.clear(); }
    bool client_was_right() const;  // no connection did anything wrong

  private:
    class Connection;
    ProviderServer(net::AsioLoop& loop, ProviderOptions options, EventLog& events);
    void remove(Connection* connection);
    std::string mint();

    net::AsioLoop& loop_;
    ProviderOptions options_;
    EventLog& events_;
    base::TimePoint started_at_;
    std::unique_ptr<Acceptor> acceptor_;
    std::unique_ptr<HttpServer> control_;
    std::list<std::unique_ptr<Connection>> connections_;
    std::list<ConnectionRecord> records_;
    int next_number_ = 0;
    std::set<std::string> secrets_;  // client secrets and signatures not used yet
    std::map<std::string, nlohmann::json> agents_;  // of the workspace
    nlohmann::ordered_json tickets_ = nlohmann::ordered_json::array();  // asked for over HTTP
    std::vector<std::string> ticket_wrongs_;
    nlohmann::ordered_json files_ = nlohmann::ordered_json::array();  // of the file endpoint
    std::size_t files_with_sound_ = 0;
    std::vector<std::string> file_wrongs_;
};

}  // namespace holdfast::sim
