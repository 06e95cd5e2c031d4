/** Hand-written stand-ins for what runs invocations. */
@NullMarked
package dev.lambic.invocation.testing;

import org.jspecify.annotations.NullMarked;
