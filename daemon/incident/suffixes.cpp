#include "incident/suffixes.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace holdfast::incident {
namespace {

using Entry = std::pair<std::string_view, std::string_view>;

// USPS Publication 28, appendix C1: what is written, and the standard form. Sorted.
constexpr std::array<Entry, 549> k_suffixes{{
    {"allee", "ALY"}, {"alley", "ALY"}, {"ally", "ALY"}, {"aly", "ALY"}, {"anex", "ANX"}, {"annex", "ANX"},
    {"annx", "ANX"}, {"anx", "ANX"}, {"arc", "ARC"}, {"arcade", "ARC"}, {"av", "AVE"}, {"ave", "AVE"},
    {"aven", "AVE"}, {"avenu", "AVE"}, {"avenue", "AVE"}, {"avn", "AVE"}, {"avnue", "AVE"}, {"bayoo", "BYU"},
    {"bayou", "BYU"}, {"bch", "BCH"}, {"beach", "BCH"}, {"bend", "BND"}, {"bg", "BG"}, {"bgs", "BGS"},
    {"blf", "BLF"}, {"blfs", "BLFS"}, {"bluf", "BLF"}, {"bluff", "BLF"}, {"bluffs", "BLFS"}, {"blvd", "BLVD"},
    {"bnd", "BND"}, {"bot", "BTM"}, {"bottm", "BTM"}, {"bottom", "BTM"}, {"boul", "BLVD"},
    {"boulevard", "BLVD"}, {"boulv", "BLVD"}, {"br", "BR"}, {"branch", "BR"}, {"brdge", "BRG"}, {"brg", "BRG"},
    {"bridge", "BRG"}, {"brk", "BRK"}, {"brks", "BRKS"}, {"brnch", "BR"}, {"brook", "BRK"}, {"brooks", "BRKS"},
    {"btm", "BTM"}, {"burg", "BG"}, {"burgs", "BGS"}, {"byp", "BYP"}, {"bypa", "BYP"}, {"bypas", "BYP"},
    {"bypass", "BYP"}, {"byps", "BYP"}, {"byu", "BYU"}, {"camp", "CP"}, {"canyn", "CYN"}, {"canyon", "CYN"},
    {"cape", "CPE"}, {"causeway", "CSWY"}, {"causwa", "CSWY"}, {"cen", "CTR"}, {"cent", "CTR"},
    {"center", "CTR"}, {"centers", "CTRS"}, {"centr", "CTR"}, {"centre", "CTR"}, {"cir", "CIR"},
    {"circ", "CIR"}, {"circl", "CIR"}, {"circle", "CIR"}, {"circles", "CIRS"}, {"cirs", "CIRS"}, {"clb", "CLB"},
    {"clf", "CLF"}, {"clfs", "CLFS"}, {"cliff", "CLF"}, {"cliffs", "CLFS"}, {"club", "CLB"}, {"cmn", "CMN"},
    {"cmns", "CMNS"}, {"cmp", "CP"}, {"cnter", "CTR"}, {"cntr", "CTR"}, {"cnyn", "CYN"}, {"common", "CMN"},
    {"commons", "CMNS"}, {"cor", "COR"}, {"corner", "COR"}, {"corners", "CORS"}, {"cors", "CORS"},
    {"course", "CRSE"}, {"court", "CT"}, {"courts", "CTS"}, {"cove", "CV"}, {"coves", "CVS"}, {"cp", "CP"},
    {"cpe", "CPE"}, {"crcl", "CIR"}, {"crcle", "CIR"}, {"creek", "CRK"}, {"cres", "CRES"}, {"crescent", "CRES"},
    {"crest", "CRST"}, {"crk", "CRK"}, {"crossing", "XING"}, {"crossroad", "XRD"}, {"crossroads", "XRDS"},
    {"crse", "CRSE"}, {"crsent", "CRES"}, {"crsnt", "CRES"}, {"crssng", "XING"}, {"crst", "CRST"},
    {"cswy", "CSWY"}, {"ct", "CT"}, {"ctr", "CTR"}, {"ctrs", "CTRS"}, {"cts", "CTS"}, {"curv", "CURV"},
    {"curve", "CURV"}, {"cv", "CV"}, {"cvs", "CVS"}, {"cyn", "CYN"}, {"dale", "DL"}, {"dam", "DM"},
    {"div", "DV"}, {"divide", "DV"}, {"dl", "DL"}, {"dm", "DM"}, {"dr", "DR"}, {"driv", "DR"}, {"drive", "DR"},
    {"drives", "DRS"}, {"drs", "DRS"}, {"drv", "DR"}, {"dv", "DV"}, {"dvd", "DV"}, {"est", "EST"},
    {"estate", "EST"}, {"estates", "ESTS"}, {"ests", "ESTS"}, {"exp", "EXPY"}, {"expr", "EXPY"},
    {"express", "EXPY"}, {"expressway", "EXPY"}, {"expw", "EXPY"}, {"expy", "EXPY"}, {"ext", "EXT"},
    {"extension", "EXT"}, {"extensions", "EXTS"}, {"extn", "EXT"}, {"extnsn", "EXT"}, {"exts", "EXTS"},
    {"fall", "FALL"}, {"falls", "FLS"}, {"ferry", "FRY"}, {"field", "FLD"}, {"fields", "FLDS"}, {"flat", "FLT"},
    {"flats", "FLTS"}, {"fld", "FLD"}, {"flds", "FLDS"}, {"fls", "FLS"}, {"flt", "FLT"}, {"flts", "FLTS"},
    {"ford", "FRD"}, {"fords", "FRDS"}, {"forest", "FRST"}, {"forests", "FRST"}, {"forg", "FRG"},
    {"forge", "FRG"}, {"forges", "FRGS"}, {"fork", "FRK"}, {"forks", "FRKS"}, {"fort", "FT"}, {"frd", "FRD"},
    {"frds", "FRDS"}, {"freeway", "FWY"}, {"freewy", "FWY"}, {"frg", "FRG"}, {"frgs", "FRGS"}, {"frk", "FRK"},
    {"frks", "FRKS"}, {"frry", "FRY"}, {"frst", "FRST"}, {"frt", "FT"}, {"frway", "FWY"}, {"frwy", "FWY"},
    {"fry", "FRY"}, {"ft", "FT"}, {"fwy", "FWY"}, {"garden", "GDN"}, {"gardens", "GDNS"}, {"gardn", "GDN"},
    {"gateway", "GTWY"}, {"gatewy", "GTWY"}, {"gatway", "GTWY"}, {"gdn", "GDN"}, {"gdns", "GDNS"},
    {"glen", "GLN"}, {"glens", "GLNS"}, {"gln", "GLN"}, {"glns", "GLNS"}, {"grden", "GDN"}, {"grdn", "GDN"},
    {"grdns", "GDNS"}, {"green", "GRN"}, {"greens", "GRNS"}, {"grn", "GRN"}, {"grns", "GRNS"}, {"grov", "GRV"},
    {"grove", "GRV"}, {"groves", "GRVS"}, {"grv", "GRV"}, {"grvs", "GRVS"}, {"gtway", "GTWY"}, {"gtwy", "GTWY"},
    {"harb", "HBR"}, {"harbor", "HBR"}, {"harbors", "HBRS"}, {"harbr", "HBR"}, {"haven", "HVN"}, {"hbr", "HBR"},
    {"hbrs", "HBRS"}, {"heights", "HTS"}, {"highway", "HWY"}, {"highwy", "HWY"}, {"hill", "HL"},
    {"hills", "HLS"}, {"hiway", "HWY"}, {"hiwy", "HWY"}, {"hl", "HL"}, {"hllw", "HOLW"}, {"hls", "HLS"},
    {"hollow", "HOLW"}, {"hollows", "HOLW"}, {"holw", "HOLW"}, {"holws", "HOLW"}, {"hrbor", "HBR"},
    {"ht", "HTS"}, {"hts", "HTS"}, {"hvn", "HVN"}, {"hway", "HWY"}, {"hwy", "HWY"}, {"inlet", "INLT"},
    {"inlt", "INLT"}, {"is", "IS"}, {"island", "IS"}, {"islands", "ISS"}, {"isle", "ISLE"}, {"isles", "ISLE"},
    {"islnd", "IS"}, {"islnds", "ISS"}, {"iss", "ISS"}, {"jct", "JCT"}, {"jction", "JCT"}, {"jctn", "JCT"},
    {"jctns", "JCTS"}, {"jcts", "JCTS"}, {"junction", "JCT"}, {"junctions", "JCTS"}, {"junctn", "JCT"},
    {"juncton", "JCT"}, {"key", "KY"}, {"keys", "KYS"}, {"knl", "KNL"}, {"knls", "KNLS"}, {"knol", "KNL"},
    {"knoll", "KNL"}, {"knolls", "KNLS"}, {"ky", "KY"}, {"kys", "KYS"}, {"lake", "LK"}, {"lakes", "LKS"},
    {"land", "LAND"}, {"landing", "LNDG"}, {"lane", "LN"}, {"lck", "LCK"}, {"lcks", "LCKS"}, {"ldg", "LDG"},
    {"ldge", "LDG"}, {"lf", "LF"}, {"lgt", "LGT"}, {"lgts", "LGTS"}, {"light", "LGT"}, {"lights", "LGTS"},
    {"lk", "LK"}, {"lks", "LKS"}, {"ln", "LN"}, {"lndg", "LNDG"}, {"lndng", "LNDG"}, {"loaf", "LF"},
    {"lock", "LCK"}, {"locks", "LCKS"}, {"lodg", "LDG"}, {"lodge", "LDG"}, {"loop", "LOOP"}, {"loops", "LOOP"},
    {"mall", "MALL"}, {"manor", "MNR"}, {"manors", "MNRS"}, {"mdw", "MDW"}, {"mdws", "MDWS"}, {"meadow", "MDW"},
    {"meadows", "MDWS"}, {"medows", "MDWS"}, {"mews", "MEWS"}, {"mill", "ML"}, {"mills", "MLS"},
    {"mission", "MSN"}, {"missn", "MSN"}, {"ml", "ML"}, {"mls", "MLS"}, {"mnr", "MNR"}, {"mnrs", "MNRS"},
    {"mnt", "MT"}, {"mntain", "MTN"}, {"mntn", "MTN"}, {"mntns", "MTNS"}, {"motorway", "MTWY"}, {"mount", "MT"},
    {"mountain", "MTN"}, {"mountains", "MTNS"}, {"mountin", "MTN"}, {"msn", "MSN"}, {"mssn", "MSN"},
    {"mt", "MT"}, {"mtin", "MTN"}, {"mtn", "MTN"}, {"mtns", "MTNS"}, {"mtwy", "MTWY"}, {"nck", "NCK"},
    {"neck", "NCK"}, {"opas", "OPAS"}, {"orch", "ORCH"}, {"orchard", "ORCH"}, {"orchrd", "ORCH"},
    {"oval", "OVAL"}, {"overpass", "OPAS"}, {"ovl", "OVAL"}, {"park", "PARK"}, {"parks", "PARK"},
    {"parkway", "PKWY"}, {"parkways", "PKWY"}, {"parkwy", "PKWY"}, {"pass", "PASS"}, {"passage", "PSGE"},
    {"path", "PATH"}, {"paths", "PATH"}, {"pike", "PIKE"}, {"pikes", "PIKE"}, {"pine", "PNE"},
    {"pines", "PNES"}, {"pkway", "PKWY"}, {"pkwy", "PKWY"}, {"pkwys", "PKWY"}, {"pky", "PKWY"}, {"pl", "PL"},
    {"place", "PL"}, {"plain", "PLN"}, {"plains", "PLNS"}, {"plaza", "PLZ"}, {"pln", "PLN"}, {"plns", "PLNS"},
    {"plz", "PLZ"}, {"plza", "PLZ"}, {"pne", "PNE"}, {"pnes", "PNES"}, {"point", "PT"}, {"points", "PTS"},
    {"port", "PRT"}, {"ports", "PRTS"}, {"pr", "PR"}, {"prairie", "PR"}, {"prk", "PARK"}, {"prr", "PR"},
    {"prt", "PRT"}, {"prts", "PRTS"}, {"psge", "PSGE"}, {"pt", "PT"}, {"pts", "PTS"}, {"rad", "RADL"},
    {"radial", "RADL"}, {"radiel", "RADL"}, {"radl", "RADL"}, {"ramp", "RAMP"}, {"ranch", "RNCH"},
    {"ranches", "RNCH"}, {"rapid", "RPD"}, {"rapids", "RPDS"}, {"rd", "RD"}, {"rdg", "RDG"}, {"rdge", "RDG"},
    {"rdgs", "RDGS"}, {"rds", "RDS"}, {"rest", "RST"}, {"ridge", "RDG"}, {"ridges", "RDGS"}, {"riv", "RIV"},
    {"river", "RIV"}, {"rivr", "RIV"}, {"rnch", "RNCH"}, {"rnchs", "RNCH"}, {"road", "RD"}, {"roads", "RDS"},
    {"route", "RTE"}, {"row", "ROW"}, {"rpd", "RPD"}, {"rpds", "RPDS"}, {"rst", "RST"}, {"rte", "RTE"},
    {"rue", "RUE"}, {"run", "RUN"}, {"rvr", "RIV"}, {"shl", "SHL"}, {"shls", "SHLS"}, {"shoal", "SHL"},
    {"shoals", "SHLS"}, {"shoar", "SHR"}, {"shoars", "SHRS"}, {"shore", "SHR"}, {"shores", "SHRS"},
    {"shr", "SHR"}, {"shrs", "SHRS"}, {"skwy", "SKWY"}, {"skyway", "SKWY"}, {"smt", "SMT"}, {"spg", "SPG"},
    {"spgs", "SPGS"}, {"spng", "SPG"}, {"spngs", "SPGS"}, {"spring", "SPG"}, {"springs", "SPGS"},
    {"sprng", "SPG"}, {"sprngs", "SPGS"}, {"spur", "SPUR"}, {"spurs", "SPUR"}, {"sq", "SQ"}, {"sqr", "SQ"},
    {"sqre", "SQ"}, {"sqrs", "SQS"}, {"sqs", "SQS"}, {"squ", "SQ"}, {"square", "SQ"}, {"squares", "SQS"},
    {"st", "ST"}, {"sta", "STA"}, {"station", "STA"}, {"statn", "STA"}, {"stn", "STA"}, {"str", "ST"},
    {"stra", "STRA"}, {"strav", "STRA"}, {"straven", "STRA"}, {"stravenue", "STRA"}, {"stravn", "STRA"},
    {"stream", "STRM"}, {"street", "ST"}, {"streets", "STS"}, {"streme", "STRM"}, {"strm", "STRM"},
    {"strt", "ST"}, {"strvn", "STRA"}, {"strvnue", "STRA"}, {"sts", "STS"}, {"sumit", "SMT"}, {"sumitt", "SMT"},
    {"summit", "SMT"}, {"ter", "TER"}, {"terr", "TER"}, {"terrace", "TER"}, {"throughway", "TRWY"},
    {"tpke", "TPKE"}, {"trace", "TRCE"}, {"traces", "TRCE"}, {"track", "TRAK"}, {"tracks", "TRAK"},
    {"trafficway", "TRFY"}, {"trail", "TRL"}, {"trailer", "TRLR"}, {"trails", "TRL"}, {"trak", "TRAK"},
    {"trce", "TRCE"}, {"trfy", "TRFY"}, {"trk", "TRAK"}, {"trks", "TRAK"}, {"trl", "TRL"}, {"trlr", "TRLR"},
    {"trlrs", "TRLR"}, {"trls", "TRL"}, {"trnpk", "TPKE"}, {"trwy", "TRWY"}, {"tunel", "TUNL"},
    {"tunl", "TUNL"}, {"tunls", "TUNL"}, {"tunnel", "TUNL"}, {"tunnels", "TUNL"}, {"tunnl", "TUNL"},
    {"turnpike", "TPKE"}, {"turnpk", "TPKE"}, {"un", "UN"}, {"underpass", "UPAS"}, {"union", "UN"},
    {"unions", "UNS"}, {"uns", "UNS"}, {"upas", "UPAS"}, {"valley", "VLY"}, {"valleys", "VLYS"},
    {"vally", "VLY"}, {"vdct", "VIA"}, {"via", "VIA"}, {"viadct", "VIA"}, {"viaduct", "VIA"}, {"view", "VW"},
    {"views", "VWS"}, {"vill", "VLG"}, {"villag", "VLG"}, {"village", "VLG"}, {"villages", "VLGS"},
    {"ville", "VL"}, {"villg", "VLG"}, {"villiage", "VLG"}, {"vis", "VIS"}, {"vist", "VIS"}, {"vista", "VIS"},
    {"vl", "VL"}, {"vlg", "VLG"}, {"vlgs", "VLGS"}, {"vlly", "VLY"}, {"vly", "VLY"}, {"vlys", "VLYS"},
    {"vst", "VIS"}, {"vsta", "VIS"}, {"vw", "VW"}, {"vws", "VWS"}, {"walk", "WALK"}, {"walks", "WALK"},
    {"wall", "WALL"}, {"way", "WAY"}, {"ways", "WAYS"}, {"well", "WL"}, {"wells", "WLS"}, {"wl", "WL"},
    {"wls", "WLS"}, {"wy", "WAY"}, {"xing", "XING"}, {"xrd", "XRD"}, {"xrds", "XRDS"}}};

}  // namespace

std::string_view suffix_form(std::string_view folded) {
    const auto found = std::lower_bound(k_suffixes.begin(), k_suffixes.end(), folded,
                                        [](const Entry& entry, std::string_view word) { return entry.first < word; });
    if (found == k_suffixes.end() || found->first != folded) return {};
    return found->second;
}

}  // namespace holdfast::incident
