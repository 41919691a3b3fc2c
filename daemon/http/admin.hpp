// The admin listener's routes: health, metrics, the REST views of the journal and the event feed.
// Runs on the admin thread's loop; questions go to the journal and come back by a post, so nothing
// here blocks. What changes something: handing a call to a person, and deciding on a dispatch; what gives a call away is told
// in the journal first.
#pragma once

#include "base/ids.hpp"
#include "base/loop.hpp"
#include "call/registry.hpp"
#include "http/admin_answer.hpp"
#include "http/admin_dispatch.hpp"
#include "http/admin_drain.hpp"
#include "http/admin_export.hpp"
#include "http/admin_keep.hpp"
#include "http/admin_letters.hpp"
#include "http/feed_hub.hpp"
#include "http/status.hpp"
#include "net/http_server.hpp"
#include "store/journal.hpp"

#include <functional>
#include <map>
#include <memory>

namespace holdfast::http {

struct AdminOptions {
    // The listener is bound to loopback: only loopback names are accepted as Host, so that a page
    // in a browser on this box cannot reach it through a name of its own (DNS rebinding).
    bool loopback = true;
    // Hands a call to a person, on the media loop. `answered` may be called from there, once.
    std::function<void(const base::CallSid&, std::function<void(base::Result<call::Transfer>)> answered)> transfer;
    DispatchActions dispatches;
    std::function<void(const std::string& target)> letter_retried;
    ReadRecording read_recording;
    KeepRoutes::Purge purge;
    DrainActions drain;
    std::function<void(const SelftestStatus&)> selftest_told;
};

class AdminRoutes : public net::HttpHandler {
  public:
    // `status` is called on the admin loop. The loop outlives the journal's thread, which posts to
    // it.
    AdminRoutes(base::Loop& loop, store::Journal& journal, FeedHub& feed,
                std::function<DaemonStatus()> status, AdminOptions options);
    ~AdminRoutes() override;  // questions still open are never answered

    void on_request(const net::HttpRequest& request, net::HttpReply reply) override;
    net::UpgradeAnswer on_upgrade(const net::HttpRequest& request) override;

  private:
    bool host_allowed(const net::HttpRequest& request) const;
    void route(const net::HttpRequest& request, net::HttpReply reply);
    net::HttpResponse readyz() const;
    net::HttpResponse status_page() const;
    void list_calls(const net::HttpRequest& request, net::HttpReply reply);
    void show_call(std::string_view sid, net::HttpReply reply);
    void transfer(const net::HttpRequest& request, std::string_view sid, net::HttpReply reply);
    void note_view(const base::CallSid& call);
    void audit(const char* action, std::string detail, std::optional<base::CallSid> call);

    base::Loop& loop_;
    store::Journal& journal_;
    FeedHub& feed_;
    const std::function<DaemonStatus()> status_;
    const AdminOptions options_;
    std::map<base::CallSid, base::TimePoint> viewed_;
    std::shared_ptr<Questions> questions_;  // answers hold it weakly
    DispatchRoutes dispatches_;
    LetterRoutes letters_;
    ExportRoutes exports_;
    KeepRoutes keep_;
    DrainRoute drain_;
    SelftestRoute selftest_;
};

}  // namespace holdfast::http
