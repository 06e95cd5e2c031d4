@NullMarked
package dev.lambic.server;

import org.jspecify.annotations.NullMarked;
