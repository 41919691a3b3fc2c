// The commands that ask the daemon.
#include "holdfastctl/commands.hpp"

#include "holdfastctl/client.hpp"
#include "holdfastctl/json.hpp"
#include "holdfastctl/print.hpp"

#include <pwd.h>
#include <unistd.h>

#include <functional>
#include <ostream>
#include <string>

namespace holdfast::ctl {

int complain(const Session& session, int code, const std::string& message) {
    session.err << "holdfastctl: " << message << "\n";
    return code;
}

int unreachable(const Session& session, const Client& client, const base::Error& why) {
    return complain(session, k_exit_unreachable,
                    "cannot reach " + client.address() + ": " +
                        (why.detail.empty() ? why.code : printable(why.detail)));
}

std::string user_name() {
    const passwd* const entry = ::getpwuid(::getuid());
    return entry == nullptr ? "uid " + std::to_string(::getuid()) : entry->pw_name;
}

namespace {

// One document of the daemon, or the exit code of what went wrong (already said).
struct Document {
    int exit = k_exit_ok;
    std::string text;
    Json json;
};

Document fetch(const Session& session, const Client& client, const std::string& target) {
    const auto answer = client.get(target);
    if (!answer) return {unreachable(session, client, answer.error()), {}, {}};
    Json json = Json::parse(answer->body, nullptr, false);
    if (!json.is_object()) {
        return {complain(session, k_exit_unreachable,
                         client.address() + " is not a Holdfast admin listener"),
                {},
                {}};
    }
    if (answer->status != 200) {
        return {complain(session, k_exit_not_good, refusal_message(answer->status, answer->body)),
                {},
                {}};
    }
    return {k_exit_ok, answer->body, std::move(json)};
}

// Fetches `target` and prints it: as it came, or by `human`.
template <class Human>
Document show(const Session& session, const std::string& target, Human human) {
    const auto client = Client::make(session.options.admin, session.options.ca_file);
    if (!client) return {complain(session, k_exit_usage, client.error().detail), {}, {}};
    auto document = fetch(session, *client, target);
    if (document.exit != k_exit_ok) return document;
    session.out << (session.options.json ? document.text : human(document.json, session.look))
                << std::flush;
    return document;
}

// Asks for something to be done. `good`: the status that says it is; `said` is printed then.
int change(const Session& session, const std::string& target, const Json& body, int good,
           const std::function<std::string(const Json& answer)>& said) {
    const auto client = Client::make(session.options.admin, session.options.ca_file);
    if (!client) return complain(session, k_exit_usage, client.error().detail);
    const auto answer = client->post(target, body.dump(-1, ' ', false, Json::error_handler_t::replace));
    if (!answer) return unreachable(session, *client, answer.error());
    const auto document = Json::parse(answer->body, nullptr, false);
    if (!document.is_object()) {
        return complain(session, k_exit_unreachable, client->address() + " is not a Holdfast admin listener");
    }
    if (answer->status != good) return complain(session, k_exit_not_good, refusal_message(answer->status, answer->body));
    session.out << (session.options.json ? answer->body : said(document)) << std::flush;
    return k_exit_ok;
}

int change(const Session& session, const std::string& target, const Json& body, int good, const char* said) {
    return change(session, target, body, good, [said](const Json&) { return std::string(said); });
}

bool over(const Json& detail) {
    return !member(member(detail, "call"), "ended_utc_ms").is_null();
}

// What tail does with each event.
class Tail {
  public:
    Tail(const Session& session, const Client& client)
        : session_(session),
          client_(client),
          printer_(session.look, session.options.everything ? Detail::everything : Detail::normal) {
    }

    // False once the call that was waited for is over.
    bool take(std::string_view text) {
        const Json event = Json::parse(text, nullptr, false);
        if (!event.is_object()) return true;
        session_.out << (session_.options.json ? std::string(text) + "\n" : printer_.print(event))
                     << std::flush;
        if (!session_.options.until_end) return true;
        const auto kind = word(event, "kind");
        return kind == "hello" ? !over_before() : kind != "ended";
    }

  private:
    // The feed does not tell of the past: a call that was over before would be waited for in vain.
    bool over_before() const {
        if (session_.options.call.empty()) return false;
        const auto answer = client_.get("/api/v1/calls/" + session_.options.call);
        if (!answer || answer->status != 200) return false;
        if (!over(Json::parse(answer->body, nullptr, false))) return false;
        session_.err << "holdfastctl: the call is over already; see holdfastctl show\n";
        return true;
    }

    const Session& session_;
    const Client& client_;
    FeedPrinter printer_;
};

}  // namespace

int status_command(const Session& session) {
    const auto document = show(session, "/api/v1/status", print_status);
    if (document.exit != k_exit_ok) return document.exit;
    return flag(document.json, "ready") ? k_exit_ok : k_exit_not_good;
}

int calls_command(const Session& session) {
    auto target = "/api/v1/calls?limit=" + std::to_string(session.options.limit);
    if (session.options.active) target += "&active=true";
    return show(session, target, print_calls).exit;
}

int show_command(const Session& session) {
    return show(session, "/api/v1/calls/" + session.options.call, print_call).exit;
}

int transfer_command(const Session& session) {
    return change(session, "/api/v1/calls/" + session.options.call + "/transfer", Json::object(), 202, "The call goes to a person.\n");
}

int incidents_command(const Session& session) {
    auto target = "/api/v1/dispatches?limit=" + std::to_string(session.options.limit);
    if (!session.options.all) target += "&open=true";
    return show(session, target, print_dispatches).exit;
}

int approve_command(const Session& session) {
    return change(session, "/api/v1/dispatches/" + session.options.dispatch + "/approve", {{"by", user_name()}}, 200, "Approved.\n");
}

int reject_command(const Session& session) {
    return change(session, "/api/v1/dispatches/" + session.options.dispatch + "/reject",
                  {{"by", user_name()}, {"why", session.options.why}}, 200, "Rejected.\n");
}

int sync_status_command(const Session& session) {
    const auto document = show(session, "/api/v1/status", print_sync);
    if (document.exit != k_exit_ok) return document.exit;
    const auto state = word(member(document.json, "sync"), "state");
    return state == "good" || state == "starting" || state == "off" ? k_exit_ok : k_exit_not_good;
}

int dead_letters_command(const Session& session) {
    return show(session, "/api/v1/dead-letters?limit=" + std::to_string(session.options.limit), print_dead_letters).exit;
}

int letter_retry_command(const Session& session) {
    return change(session, "/api/v1/dead-letters/" + std::to_string(session.options.letter) + "/retry", {{"by", user_name()}}, 200,
                  "It is sent again.\n");
}

int letter_discard_command(const Session& session) {
    return change(session, "/api/v1/dead-letters/" + std::to_string(session.options.letter) + "/discard",
                  {{"by", user_name()}, {"why", session.options.why}}, 200, "Discarded.\n");
}

int hold_command(const Session& session) {
    const Json body{{"by", user_name()}, {"why", session.options.why}};
    const bool release = session.options.release;
    return change(session, "/api/v1/calls/" + session.options.call + (release ? "/release" : "/hold"), body, 200,
                  release ? "It goes when its time comes.\n" : "It is kept.\n");
}

int purge_command(const Session& session) {
    return change(session, "/api/v1/calls/" + session.options.call + "/purge", {{"by", user_name()}, {"why", session.options.why}}, 200,
                  [](const Json& answer) {
                      const auto files = number_or(answer, "set_aside", 0);
                      if (files == 0) return std::string("It is gone.\n");
                      return "It is gone from the journal. Damaged files that were set aside may still have words of it, until retention "
                             "removes them: " + std::to_string(files) + ".\n";
                  });
}

int losses_command(const Session& session) {
    if (session.options.seen) {
        return change(session, "/api/v1/losses/seen", {{"by", user_name()}}, 200, "Noted.\n");
    }
    return show(session, "/api/v1/losses", print_losses).exit;
}

// Bite by bite, so that the journal writes on between them.
int verify_command(const Session& session) {
    const auto client = Client::make(session.options.admin, session.options.ca_file);
    if (!client) return complain(session, k_exit_usage, client.error().detail);
    constexpr std::size_t k_findings_max = 1'000;
    Json all{{"links", 0}, {"rows", 0}, {"purged", 0}, {"heads_checked", true}, {"findings", Json::array()}, {"purges", Json::array()}};
    if (!session.options.against.empty()) {
        const auto colon = session.options.against.find(':');
        const auto link = session.options.against.substr(0, colon), head = session.options.against.substr(colon + 1);
        const auto told = fetch(session, *client, "/api/v1/verify?link=" + link);
        if (told.exit != k_exit_ok) return told.exit;
        const auto there = word(told.json, "link_head");
        all["against"] = link;
        if (there != head) {
            all["findings"].push_back({{"link", std::stoll(link)}, {"what", there.empty() ? "missing" : "link"}, {"table", ""}, {"row", 0},
                                       {"detail", there.empty() ? "the chain has no link " + link
                                                                : "link " + link + " has another head than the box told before"}});
        }
    }
    std::int64_t part = 0, after = 0;
    for (bool done = false; !done;) {
        const auto bite = fetch(session, *client,
                                "/api/v1/verify?limit=1000&part=" + std::to_string(part) + "&after=" + std::to_string(after));
        if (bite.exit != k_exit_ok) return bite.exit;
        for (const char* count : {"links", "rows", "purged"}) all[count] = number_or(all, count, 0) + number_or(bite.json, count, 0);
        all["heads_checked"] = flag(all, "heads_checked") && flag(bite.json, "heads_checked");
        for (const char* list : {"findings", "purges"}) {
            for (const auto& each : member(bite.json, list)) {
                if (all[list].size() < k_findings_max) all[list].push_back(each);
            }
        }
        all["newest"] = member(bite.json, "newest");
        all["head"] = member(bite.json, "head");
        const auto next_part = number_or(bite.json, "next_part", 0);
        const auto next = number_or(bite.json, "next", 0);
        done = flag(bite.json, "done");
        if (!done && (next_part < part || (next_part == part && next <= after))) {
            return complain(session, k_exit_not_good, "the daemon does not get on with it");
        }
        part = next_part;
        after = next;
    }
    session.out << (session.options.json ? all.dump() + "\n" : print_verified(all, session.look)) << std::flush;
    return all["findings"].empty() ? k_exit_ok : k_exit_not_good;
}

int tail_command(const Session& session) {
    const auto client = Client::make(session.options.admin, session.options.ca_file);
    if (!client) return complain(session, k_exit_usage, client.error().detail);
    Tail tail(session, *client);
    Client::Follower follower;
    follower.on_event = [&tail](std::string_view text) { return tail.take(text); };
    std::string target = "/api/v1/events";
    if (!session.options.call.empty()) target += "?call=" + session.options.call;
    const auto result = client->follow(target, follower);
    if (result) return k_exit_ok;
    if (result.error().code == std::string_view("refused")) {
        return complain(session, k_exit_not_good, result.error().detail);
    }
    return unreachable(session, *client, result.error());
}

}  // namespace holdfast::ctl
