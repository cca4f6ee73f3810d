// Beast's parts that need no template argument, compiled once for the whole daemon.
#include <boost/beast/src.hpp>
