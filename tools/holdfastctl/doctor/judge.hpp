// From what was seen to a finding: the words of the doctor and its advice. Pure; the checks that look are in checks.hpp.
#pragma once

#include "base/error.hpp"
#include "holdfastctl/doctor/report.hpp"
#include "net/http_client.hpp"
#include "net/tls_look.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::ctl::doctor {

// A server that the box talks to.
struct Peer {
    std::string name;  // "OpenAI"
    net::Url url;      // where it is; the scheme says whether with TLS
    std::string ca_file;
    std::string ca_key;       // the key of the configuration that names ca_file; empty: there is none
    std::string without_it;   // what callers and people get while it is not there
};

// Several findings are left out by name where nothing could be seen.
Finding judge_tls(const Peer& peer, const base::Result<net::CertificateLook>& seen, std::int64_t now_utc_s);

// Answers to a cheap question with the key. `model`: the one that the configuration wants.
Finding judge_openai_key(const base::Result<net::HttpAnswer>& answer, const std::string& model);
Finding judge_eleven_key(const base::Result<net::HttpAnswer>& answer);
Finding judge_eleven_credit(const base::Result<net::HttpAnswer>& subscription);
// `code`: of one_paid_word, or a word of an HTTP answer; empty: the answer came.
Finding judge_paid(const std::string& provider, const std::string& code);
std::string eleven_code(const base::Result<net::HttpAnswer>& answer);  // empty: it is good

// The certificate of the public listener, as it is on the disk.
std::vector<Finding> judge_certificate(const net::CertificateLook& seen, std::int64_t now_utc_s, const std::string& host);

// What a stranger gets at listen.public.base_url. `status` of an unsigned call.
Finding judge_public_tls(const std::string& host, const base::Result<net::CertificateLook>& seen, const std::string& own_sha256,
                         bool reaches_private);
Finding judge_unsigned(const std::string& host, const base::Result<net::HttpAnswer>& answer, bool signatures_checked);

// Settings of one number at Twilio, from IncomingPhoneNumbers.json. `which`: "number 1 of 2".
std::vector<Finding> judge_number(const std::string& which, const base::Result<net::HttpAnswer>& answer, const std::string& base_url);

// A part of /readyz that is not ok.
Finding judge_part(const std::string& part, const std::string& state, const std::string& detail);

Finding judge_space(const std::string& key, double free_share);

// Where the database is, from its URI: hosts, and whether TLS is spoken. Nothing else of the URI is kept.
struct MongoPlace {
    bool srv = false;
    bool tls = false;
    std::vector<net::Url> hosts;  // of an SRV name: one, without a port
};
MongoPlace mongo_place(std::string_view uri);

}  // namespace holdfast::ctl::doctor
