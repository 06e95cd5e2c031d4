/** Real clients against a running server, as its users start it. */
@NullMarked
package dev.lambic.acceptance;

import org.jspecify.annotations.NullMarked;
