// A call for somebody outside the box: everything that the journal has of it, and its recordings. Admin loop.
//
//     POST /api/v1/calls/{sid}/export                  {"by": "...", "why": "..."}
//     GET  /api/v1/calls/{sid}/recordings/{name}?export=ID[&offset=N][&bytes=N]
//
// The POST answers once its audit row is on the disk, with the call and an ID. Sound is given to who has such an ID of the
// same call only, so nothing leaves the box that no row tells of.
#pragma once

#include "base/loop.hpp"
#include "http/admin_answer.hpp"
#include "http/status.hpp"
#include "net/http_server.hpp"
#include "store/journal.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::http {

struct RecordingPart {
    std::string bytes;
    std::int64_t total = 0;  // bytes of the whole recording
};

// Reads a part of a recording on another thread. `answer` may be called from any thread, once. Codes: "missing", "unnamed"
// (it has not got its last name yet), "range", "busy"; all others: it cannot be read.
using ReadRecording = std::function<void(std::string path, std::int64_t offset, std::int64_t bytes,
                                         std::function<void(base::Result<RecordingPart>)> answer)>;

class ExportRoutes {
  public:
    ExportRoutes(base::Loop& loop, store::Journal& journal, std::shared_ptr<Questions> questions, ReadRecording read,
                 std::function<DaemonStatus()> status)
        : loop_(loop), journal_(journal), questions_(std::move(questions)), read_(std::move(read)), status_(std::move(status)) {}

    static bool takes(std::string_view path);
    void on_request(const net::HttpRequest& request, net::HttpReply reply);

  private:
    struct Export {
        base::CallSid call;
        std::vector<std::string> recordings;  // paths that may be asked for
        base::TimePoint used;
    };

    void begin(const base::CallSid& call, const net::HttpRequest& request, net::HttpReply reply);
    std::string admit(const store::CallDetail& detail);
    void recording(const base::CallSid& call, std::string_view name, const net::HttpRequest& request, net::HttpReply reply);
    void forget_old();

    base::Loop& loop_;
    store::Journal& journal_;
    std::shared_ptr<Questions> questions_;
    const ReadRecording read_;
    const std::function<DaemonStatus()> status_;
    std::map<std::string, Export> exports_;  // by their ID
};

}  // namespace holdfast::http
