#include "holdfastctl/client.hpp"
#include "holdfastctl/doctor/checks.hpp"
#include "holdfastctl/selftest.hpp"

namespace holdfast::ctl::doctor {
namespace {

constexpr std::chrono::seconds k_call{12};  // within the time that a check has

const char* advice_for(const std::string& word) {
    if (word == "refused") return "Restart the daemon if the token or listen.public.base_url was changed, then try again.";
    if (word == "tls") return "See the findings on the certificate.";
    if (word == "person") return "holdfastctl calls shows why the call was sent to a person.";
    return "holdfastctl selftest repeats it; journalctl -u holdfast has the daemon's side.";
}

}  // namespace

void check_test_call(const Tell& tell, const config::Config& config, const Place& place) {
    const auto client = Client::make(place.admin, place.ca_file);
    SelftestTarget target;
    target.ca_file = place.ca_file;
    target.timeout = k_call;
    const auto called = client ? call_own_port(*client, config, target) : base::Result<OwnCall>(client.error());
    if (!called) {
        return tell({"test_call", "", Verdict::not_checked, "no_daemon", "no test call was placed: " + called.error().detail,
                     "Start it: systemctl start holdfast."});
    }
    const auto& result = called->result;
    const auto verdict = result.good ? Verdict::ok : result.judged() ? Verdict::bad : Verdict::not_checked;
    tell({"test_call", "", verdict, result.detail, result.explanation, verdict == Verdict::bad ? advice_for(result.detail) : ""});
}

}  // namespace holdfast::ctl::doctor
