@NullMarked
package dev.lambic.http;

import org.jspecify.annotations.NullMarked;
