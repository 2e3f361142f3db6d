// Files that the daemon serves, put into the program so that it needs none of its own.

#include "cpages.h"

static const unsigned char page[] = {
#embed "page.html"
};

static const unsigned char openapi[] = {
#embed "openapi.json"
};

const struct cpages_document cpages_page = {page, sizeof page};
const struct cpages_document cpages_openapi = {openapi, sizeof openapi};
