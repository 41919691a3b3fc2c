#include "commands.hpp"
#include "events.hpp"
#include "net/asio_loop.hpp"
#include "relay/relay.hpp"
#include "wire/stream.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/signal_set.hpp>

#include <csignal>
#include <iostream>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace holdfast::sim {
namespace {

constexpr std::size_t k_line_max = 200;
constexpr std::size_t k_control_connections_max = 16;

struct RelayArguments {
    RelayOptions relay;
    std::string to;
    int control_port = -1;
    std::vector<std::string> commands;
    bool json = false, quiet = false;
};

// Reads commands, a line each, and answers each with "ok" or what is wrong with it.
class Console : public StreamHandler, public std::enable_shared_from_this<Console> {
  public:
    Console(Relay& relay, StreamPtr stream, std::set<std::shared_ptr<Console>>& all)
        : relay_(relay), stream_(std::move(stream)), all_(all) {}
    void on_bytes(std::string_view bytes) override {
        pending_ += bytes;
        for (auto end = pending_.find('\n'); end != std::string::npos; end = pending_.find('\n')) {
            const auto done = relay_.command(pending_.substr(0, end));
            stream_->write(done ? "ok\n" : "error: " + done.error().detail + "\n");
            pending_.erase(0, end + 1);
        }
        if (pending_.size() > k_line_max) stream_->reset();
    }
    void on_end(const std::string&) override {
        stream_->set_handler(nullptr);
        all_.erase(shared_from_this());
    }

  private:
    Relay& relay_;
    StreamPtr stream_;
    std::set<std::shared_ptr<Console>>& all_;
    std::string pending_;
};

int could_not(const std::string& why) {
    std::cerr << "holdfast-sim relay: " << why << "\n";
    return k_could_not_run;
}

int run_relay(RelayArguments& a) {
    const auto colon = a.to.rfind(':');
    a.relay.target_host = a.to.substr(0, colon);
    a.relay.target_port = static_cast<std::uint16_t>(std::stoi(a.to.substr(colon + 1)));
    net::AsioLoop loop;
    EventLog events(a.json ? EventLog::Form::json : a.quiet ? EventLog::Form::none : EventLog::Form::people);
    auto relay = Relay::open(loop, a.relay, events);
    if (!relay) return could_not(relay.error().detail);
    std::cout << "listening on " << (*relay)->port() << "\n";
    std::set<std::shared_ptr<Console>> consoles;
    std::unique_ptr<Acceptor> control;
    if (a.control_port >= 0) {
        auto opened = Acceptor::open(loop, "127.0.0.1", static_cast<std::uint16_t>(a.control_port), nullptr, [&](StreamPtr stream) {
            const auto console = std::make_shared<Console>(**relay, stream, consoles);
            stream->set_handler(console.get());
            if (consoles.size() >= k_control_connections_max) stream->reset();
            consoles.insert(console);
        });
        if (!opened) return could_not(opened.error().detail);
        control = std::move(*opened);
        std::cout << "control on " << control->port() << "\n";
    }
    std::cout << std::flush;
    for (const auto& command : a.commands) {
        if (const auto done = (*relay)->command(command); !done) {
            std::cerr << "holdfast-sim relay: " << done.error().detail << "\n";
            return k_usage;
        }
    }
    boost::asio::signal_set signals(loop.io(), SIGINT, SIGTERM);
    signals.async_wait([&loop](const boost::system::error_code& ec, int) {
        if (!ec) loop.stop();
    });
    loop.run();
    return k_good;
}

}  // namespace

Command add_relay_command(CLI::App& app) {
    auto a = std::make_shared<RelayArguments>();
    app.add_option("--to", a->to, "ADDRESS:PORT of what stands behind it")->required()->check([](const std::string& text) {
        const auto colon = text.rfind(':');
        const auto port = colon == std::string::npos ? std::string() : text.substr(colon + 1);
        const bool good = !port.empty() && port.size() <= 5 && port.find_first_not_of("0123456789") == std::string::npos;
        return good && std::stoi(port) > 0 && std::stoi(port) < 65536 ? std::string() : std::string("ADDRESS:PORT");
    });
    app.add_option("--address", a->relay.address)->capture_default_str();
    app.add_option("--port", a->relay.port, "0: any free one; the first line of output says which")->capture_default_str();
    app.add_option("--control", a->control_port, "port on 127.0.0.1 that takes commands, a line each; 0: any free one")
        ->check(CLI::Range(0, 65535));
    app.add_option("--command", a->commands, "in force from the start; repeat for several");
    app.add_option("--seed", a->relay.seed, "of the jitter")->capture_default_str();
    app.add_flag("--json", a->json, "one JSON object a line on standard output, after the first lines");
    app.add_flag("--quiet", a->quiet, "no events on standard output");
    app.footer(
        "Commands, as VERB [VALUE] [up|down|both] (up: towards --to):\n"
        "  delay MS, jitter MS, rate KBPS, stall, truncate BYTES, flip   on what follows, until heal\n"
        "  reset, close    every connection, now: with a reset, or the end of what goes that way\n"
        "  refuse          new connections are reset\n"
        "  heal            as at the start; what was held back is let go");
    return [a] { return run_relay(*a); };
}

}  // namespace holdfast::sim
