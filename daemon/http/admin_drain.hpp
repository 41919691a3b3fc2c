// Before a restart, and the box's test call. Admin loop.
//
//     POST   /api/v1/drain     {"by", "why", "limit_s"}   new callers go to people from now on
//     DELETE /api/v1/drain     {"by", "why"}              callers are taken again
//     POST   /api/v1/selftest  {"by", "good", "detail", "greeting_ms"}   how a synthetic call went
#pragma once

#include "base/error.hpp"
#include "base/loop.hpp"
#include "http/status.hpp"
#include "net/http_server.hpp"
#include "store/journal.hpp"

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

namespace holdfast::http {

// Both answer at once, on the admin loop. Errors: "stopping", "not_draining".
struct DrainActions {
    std::function<base::Result<DrainStatus>(const std::string& by, const std::string& why, std::chrono::seconds limit)> begin;
    std::function<base::Result<DrainStatus>(const std::string& by, const std::string& why)> end;
};

class DrainRoute {
  public:
    explicit DrainRoute(DrainActions actions) : actions_(std::move(actions)) {}
    static bool takes(std::string_view path);
    net::HttpResponse on_request(const net::HttpRequest& request) const;

  private:
    const DrainActions actions_;
};

class SelftestRoute {
  public:
    // `told` keeps it for the status.
    SelftestRoute(base::Loop& loop, store::Journal& journal, std::function<void(const SelftestStatus&)> told)
        : loop_(loop), journal_(journal), told_(std::move(told)) {}
    static bool takes(std::string_view path);
    net::HttpResponse on_request(const net::HttpRequest& request);

  private:
    base::Loop& loop_;
    store::Journal& journal_;
    const std::function<void(const SelftestStatus&)> told_;
    SelftestStatus last_;
};

// What may be said of a test call. The first is a good one; the next two are no judgement: the last one stays.
bool is_selftest_word(std::string_view word);

}  // namespace holdfast::http
