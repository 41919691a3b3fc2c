// ElevenLabs' speech services as a server: text to speech over HTTP (both paths), the Scribe socket, the
// cheap probes, a control port and a report. What a client does wrong is written down.
#pragma once

#include "control.hpp"
#include "events.hpp"
#include "faults.hpp"
#include "speech.hpp"
#include "speech/scribe.hpp"
#include "speech/script.hpp"
#include "wire/http.hpp"
#include "wire/stream.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <vector>

namespace holdfast::net {
class AsioLoop;
}

namespace holdfast::sim {

const std::vector<FaultName>& speech_faults();

struct SpeechOptions {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;
    std::shared_ptr<Tls> tls;
    std::string key;              // empty: any key will do
    std::vector<std::string> voices;  // empty: any voice is known
    int control_port = -1;        // -1: none
    int first_byte_ms = 120;
    int speed = 5;                 // speech comes so many times faster than it plays
    std::size_t concurrency = 10;  // of the plan; told in a header, enforced with 429
    bool espeak = false;          // speech instead of a tone
    Voice voice{"en-us+f3", 165};
    SpeechScript script = default_speech_script();
    FaultSet faults;
};

class SpeechServer {
  public:
    static base::Result<std::unique_ptr<SpeechServer>> open(net::AsioLoop& loop, SpeechOptions options,
                                                            EventLog& events);
    ~SpeechServer();

    std::uint16_t port() const { return acceptor_->port(); }
    std::uint16_t control_port() const { return control_ ? control_->port() : std::uint16_t{0}; }
    nlohmann::ordered_json report() const;
    void add_fault(Fault fault);
    void clear_faults() { options_.faults.clear(); }
    bool client_was_right() const;

  private:
    class Connection;
    SpeechServer(net::AsioLoop& loop, SpeechOptions options, EventLog& events);
    void remove(Connection* connection);

    net::AsioLoop& loop_;
    SpeechOptions options_;
    EventLog& events_;
    Speech speech_;
    std::unique_ptr<Acceptor> acceptor_;
    std::unique_ptr<HttpServer> control_;
    std::list<std::unique_ptr<Connection>> connections_;
    std::list<ScribeRecord> sessions_;
    nlohmann::ordered_json requests_ = nlohmann::ordered_json::array();
    std::vector<std::string> wrong_;
    std::size_t turn_ = 0;
    std::size_t speaking_ = 0;  // requests that run
    int requests_count_ = 0;
};

}  // namespace holdfast::sim
